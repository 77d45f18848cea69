import ErasureReceipt
import Foundation
import NodeAgent

/// The key that signs receipts, in the origin's data folder. Made at the first start: it never travels, and who has the
/// public half from then on can tell this cluster's receipts from any other's.
enum ReceiptKeyFile {
    /// - Throws: `SettingsError` when the file is there and holds no key: a new one would disown the receipts that were
    ///   signed with the old one, so that is the operator's decision.
    static func open(inDataFolder folder: String) throws -> ReceiptSigner {
        let path = folder + "/receipt.key"
        if let data = FileManager.default.contents(atPath: path) {
            do {
                return try ReceiptSigner(privateText: String(decoding: data, as: UTF8.self))
            } catch {
                throw SettingsError(
                    "\(path), the key that signs receipts, is damaged: \(error). Put it back from a backup. If there is none, take the file away: a new key is made, and earlier receipts verify with the old public key only."
                )
            }
        }
        guard !FileManager.default.fileExists(atPath: path) else {
            throw SettingsError("\(path), the key that signs receipts, can't be read.")
        }
        let signer = ReceiptSigner()
        try write(signer.privateText + "\n", to: path)
        return signer
    }

    /// Whole or not at all, and on the disk before anything is signed with it.
    private static func write(_ text: String, to path: String) throws {
        let temporary = path + ".new"
        let descriptor = Glibc.open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        // A file left over from before may have been made with other permissions.
        guard fchmod(descriptor, 0o600) == 0, Glibc.write(descriptor, bytes, bytes.count) == bytes.count,
            fsync(descriptor) == 0, rename(temporary, path) == 0
        else { throw failure(path) }
        let folder = Glibc.open((path as NSString).deletingLastPathComponent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw failure(path) }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw failure(path) }
    }

    private static func failure(_ path: String) -> SettingsError {
        SettingsError("\(path), the key that signs receipts, can't be written: \(String(cString: strerror(errno))).")
    }
}
