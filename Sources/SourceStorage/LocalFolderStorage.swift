internal import Glibc

/// Files under a folder of this machine.
public struct LocalFolderStorage: SourceStorage {
    public let id: String

    private let folder: BeneathFolder
    private let readers: FileReaders

    /// - Parameter folder: An absolute path; it must be there, though what is in it may change.
    public init(id: String, folder: String, readers: FileReaders) throws(StorageConfigurationError) {
        guard folder.hasPrefix("/") else {
            throw StorageConfigurationError(
                storage: id, message: "\"folder\" must be an absolute path such as /srv/photos; it is \"\(folder)\".")
        }
        guard let opened = BeneathFolder(folder) else {
            let reason = String(cString: strerror(errno))
            throw StorageConfigurationError(
                storage: id,
                message: "the folder \(folder) cannot be opened: \(reason). Create it, or let this process read it.")
        }
        self.id = id
        self.folder = opened
        self.readers = readers
    }

    public func read(
        _ key: String, query: String, limits: ReadLimits, validators: Validators?
    ) async throws(StorageError) -> StorageAnswer {
        guard ObjectKey.canName(key) else { throw error(.missing, key, limits) }
        let folder = folder
        let deadline = ContinuousClock.now.advanced(by: limits.total)
        let outcome = await readers.run { () -> Result<StorageAnswer, FileFailure> in
            guard ContinuousClock.now < deadline else { return .failure(.late) }
            do throws(FileFailure) {
                let file = try folder.open(key)
                if let validators, validators.match(file) {
                    return .success(.notModified)
                }
                let body = try file.read(limit: limits.bytes, until: deadline)
                return .success(.object(SourceObject(body: body, validators: file.validators)))
            } catch {
                return .failure(error)
            }
        }
        switch outcome {
        case .success(let answer): return answer
        case .failure(let failure): throw error(failure, key, limits)
        case nil: throw error(.busy, key, limits)
        }
    }

    private func error(_ failure: FileFailure, _ key: String, _ limits: ReadLimits) -> StorageError {
        let name = "\"\(key)\" in \(folder.path)"
        let (code, text): (StorageError.Code, String) =
            switch failure {
            case .missing: (.notFound, "there is no file \(name).")
            case .outside: (.denied, "\(name) is a link that leads out of the folder. Move its target into the folder.")
            case .forbidden: (.denied, "\(name) may not be read. Let the user of this process read it.")
            case .tooLarge: (.tooLarge, "\(name) is larger than the limit of \(limits.bytes) bytes.")
            case .changed: (.truncated, "\(name) changed while it was read. Ask again.")
            case .late: (.timeout, "\(name) was not read within \(limits.total). Look at the disk's load.")
            case .busy: (.unreachable, "too many files wait to be read. Look at the disk's load.")
            case .system(let number): (.unreachable, "\(name) cannot be read: \(String(cString: strerror(number))).")
            }
        return StorageError(code, storage: id, message: "Storage \"\(id)\": \(text)")
    }
}

/// Why a file gave no bytes.
enum FileFailure: Error {
    case missing, outside, forbidden, tooLarge, changed, late, busy
    case system(Int32)
}

extension Validators {
    fileprivate func match(_ file: borrowing OpenFile) -> Bool {
        if let etag { return etag == file.validators.etag }
        return lastModified != nil && lastModified == file.validators.lastModified
    }
}
