import ImageURL
import Testing

@Suite struct NamedTransformationTests {
    private let named = NamedTransformations([
        "thumb": "w-200,h-100", "two": "tr:w-400:w-100,f-webp", "K": "w-7", "bad": "w-", "nested": "n-thumb", "empty": "",
        "a-b": "w-1", "long": String(repeating: "w-1:", count: 32) + "w-1",
    ])

    private func recipe(_ target: String) throws(ImageURLError) -> String {
        try ImageURLParser(endpoint: demo, transformations: named).parse(target: target).recipe.canonical
    }

    @Test(arguments: [
        ("/demo/tr:n-thumb/a.jpg", "w-200,h-100"), ("/demo/a.jpg?tr=n-thumb", "w-200,h-100"),
        ("/demo/tr:n-two/a.jpg", "w-400:w-100,f-webp"), ("/demo/tr:w-9:n-thumb:w-3/a.jpg", "w-9:w-200,h-100:w-3"),
        ("/demo/tr:n-thumb,q-50/a.jpg", "w-200,h-100,q-50"), ("/demo/tr:n-two,h-5/a.jpg", "w-400:w-100,h-5,f-webp"),
        ("/demo/tr:n-thumb/tr:n-thumb/a.jpg", "w-200,h-100:w-200,h-100"), ("/demo/tr:%6E-thumb/a.jpg", "w-200,h-100"),
        ("/demo/tr:n-K/a.jpg", "w-7"),
    ])
    func `A name stands for its definition`(target: String, steps: String) throws {
        let spelled = try ImageURLParser(endpoint: demo).parse(target: "/demo/a.jpg?tr=" + steps).recipe.canonical
        #expect(try recipe(target) == spelled)
    }

    @Test(arguments: ["n-none", "n-Thumb", "n-", "n", "n-thumb-2", "n-nested", "n-bad", "n-%E2%84%AA", "n-thumb,", "n-long"])
    func `What is no name of a transformation is refused`(step: String) {
        let error = #expect(throws: ImageURLError.self) { try recipe("/demo/tr:\(step)/a.jpg") }
        #expect(error?.httpStatus == 400 && error?.isPresentable == true, "\(String(describing: error))")
    }

    @Test func `What can't be used is told before it is`() {
        #expect(named.fault(in: "thumb") == nil && named.fault(in: "two") == nil && named.fault(in: "K") == nil)
        for name in ["bad", "nested", "empty", "a-b", "long", "", "missing"] { #expect(named.fault(in: name) != nil, "\(name)") }
    }
}
