import Foundation
import ImageURL
import Journal

extension EndpointLeases {
    /// As the desk reads them out of a configuration in the journal. One that this version can't read may allow the longest
    /// that there is.
    init(ofDocument json: String) {
        guard let document = try? ConfigurationDocument(json: Data(json.utf8)) else {
            self.init(bySite: [:], longest: UInt64(EndpointSettings.leaseBounds.upperBound) * 1000)
            return
        }
        let leases = document.endpoints.map { ($0.id, $0.leaseMilliseconds) }
        self.init(bySite: Dictionary(leases) { max($0, $1) }, longest: leases.map(\.1).max() ?? 0)
    }
}
