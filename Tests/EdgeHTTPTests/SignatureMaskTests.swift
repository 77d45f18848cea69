import Testing

@testable import EdgeHTTP

@Suite struct SignatureMaskTests {
    @Test(arguments: [
        ("/demo/a.jpg", "/demo/a.jpg"),
        ("/demo/a.jpg?ik-s=0123abcd", "/demo/a.jpg?ik-s=***"),
        ("/demo/a.jpg?tr=w-5&ik-t=9&ik-s=0123&v=1", "/demo/a.jpg?tr=w-5&ik-t=9&ik-s=***&v=1"),
        ("/demo/a.jpg?ik-s=1&ik-s=2", "/demo/a.jpg?ik-s=***&ik-s=***"),
        ("/demo/ik-s=kept.jpg?xik-s=kept", "/demo/ik-s=kept.jpg?xik-s=kept"),
    ])
    func hidesTheValueAndNothingElse(target: String, logged: String) {
        #expect(SignatureMask.hide(target) == logged)
    }
}
