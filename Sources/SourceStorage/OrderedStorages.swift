/// The storages of a node by id, asked in the order that a request names them.
public struct OrderedStorages: Sendable {
    /// Where an object may lie.
    public struct Location: Sendable, Equatable {
        public var storage: String
        public var key: String
        public var query: String

        public init(storage: String, key: String, query: String = "") {
            self.storage = storage
            self.key = key
            self.query = query
        }

        /// By bytes: Swift takes `é` and `e` with an accent for equal, which name two objects.
        public static func == (left: Location, right: Location) -> Bool {
            left.storage == right.storage && left.key.utf8.elementsEqual(right.key.utf8)
                && left.query.utf8.elementsEqual(right.query.utf8)
        }
    }

    /// What was read, and from where.
    public struct Found: Sendable {
        public let location: Location
        public let answer: StorageAnswer
    }

    private let storages: [String: any SourceStorage]

    /// - Parameter storages: With distinct ids; of two with the same, the first counts.
    public init(_ storages: [any SourceStorage]) {
        self.storages = Dictionary(storages.map { ($0.id, $0) }) { first, _ in first }
    }

    /// Asks one location after the other, and goes on only from one that has no such object: a storage that is down or
    /// refuses us says nothing about what it holds.
    ///
    /// - Parameter held: Where a copy at hand came from, and its validators, which go there and nowhere else.
    /// - Throws: The error that ended the search; ``StorageError/Code/notFound`` when every location said so.
    public func read(
        _ locations: [Location], limits: ReadLimits = ReadLimits(),
        held: (location: Location, validators: Validators)? = nil
    ) async throws(StorageError) -> Found {
        var missing: [StorageError] = []
        for location in locations {
            guard let storage = storages[location.storage] else {
                throw StorageError(
                    .badAnswer(status: 0), storage: location.storage,
                    message: "No storage is called \"\(location.storage)\"; the storages file names every one there is."
                )
            }
            let validators = held?.location == location ? held?.validators : nil
            do throws(StorageError) {
                let answer = try await storage.read(
                    location.key, query: location.query, limits: limits, validators: validators)
                return Found(location: location, answer: answer)
            } catch {
                guard error.code == .notFound else { throw error }
                missing.append(error)
            }
        }
        throw StorageError(
            .notFound, storage: locations.last?.storage ?? "",
            message: missing.isEmpty
                ? "The endpoint has no storage to look into." : missing.map(\.message).joined(separator: " "))
    }
}
