import func CVips.vips_cache_get_size
import Testing
@testable import Vips

struct VipsImageTests {
    private func picture() throws -> VipsImage {
        try VipsLibrary.start()
        return try VipsImage(width: 2, height: 2, bands: 3, pixels: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
    }

    @Test func pixelsAreWhereTheyWerePut() throws {
        let picture = try picture()
        #expect(try picture.pixel(x: 1, y: 0) == [4, 5, 6])
        #expect(try picture.cropped(x: 0, y: 1, width: 1, height: 1).pixel(x: 0, y: 0) == [7, 8, 9])
        #expect(try picture.encoded(.png).count > 0)
    }

    @Test func aMisspeltNameOrPropertyIsAnErrorNotAWarning() throws {
        let picture = try picture()
        #expect(throws: VipsError.self) { try picture.applying("no_such_operation") }
        #expect(throws: VipsError.self) {
            try picture.applying("resize") { operation throws(VipsError) in try operation.set("skale", 2.0) }
        }
    }

    @Test func theSourceLivesAsLongAsAnyImageMadeOfIt() throws {
        let png = try picture().encoded(.png).withUnsafeBytes { Array($0) }
        let released = Flag()
        func open() throws -> VipsImage {
            let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: png.count, alignment: 16)
            memory.copyBytes(from: png)
            let bytes = ImageBytes(adopting: UnsafeRawBufferPointer(memory)) { bytes in
                // Whoever reads it now is caught.
                memory.initializeMemory(as: UInt8.self, repeating: 0xDD)
                bytes.deallocate()
                released.isSet = true
            }
            return try VipsImage.load(bytes, as: .png, inOrder: false).cropped(x: 0, y: 1, width: 2, height: 1)
        }
        var image: VipsImage? = try open()
        #expect(!released.isSet)
        #expect(try image?.pixel(x: 1, y: 0) == [10, 11, 12])
        image = nil
        #expect(released.isSet)
    }

    private final class Flag {
        var isSet = false
    }

    @Test("Loaders with a history are closed, even to who asks by name", arguments: [
        "magickload_buffer", "jp2kload_buffer", "radload_buffer", "jxlload_buffer",
    ])
    func blockedLoaders(_ loader: String) throws {
        _ = try picture()
        let bytes = ImageBytes(copying: Array("%PDF-1.4".utf8))
        var told: [String] = []
        // libvips keeps what went wrong for the whole process, so another test may have taken the words away.
        repeat {
            let error = #expect(throws: VipsError.self) {
                let operation = try Operation(loader)
                try operation.set("buffer", borrowing: bytes)
                _ = try operation.image(keeping: bytes)
            }
            told.append(error?.detail ?? "no error")
        } while told.count < 1_000 && told.last?.contains("\(loader): operation is blocked") == false
        // Not because of the bytes.
        #expect(told.last?.contains("\(loader): operation is blocked") == true, "\(told.suffix(3))")
    }

    @Test func nothingIsKeptInVipsOwnCache() throws {
        _ = try picture().resized(width: 1, height: 1).materialised()
        #expect(vips_cache_get_size() == 0)
    }
}
