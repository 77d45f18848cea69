import Foundation
import Glibc
import LoadGenerator
import Synchronization

/// Shows progress on standard error: in place on a terminal, a line a second elsewhere.
final class Terminal: Sendable {
    private let isQuiet: Bool
    private let isInteractive = isatty(STDERR_FILENO) == 1
    private let hasOpenLine = Mutex(false)

    init(isQuiet: Bool) {
        self.isQuiet = isQuiet
    }

    func show(_ progress: LoadProgress) {
        guard !isQuiet else { return }
        hasOpenLine.withLock { isOpen in
            if isInteractive {
                // Cut to the width: a line that wraps could not be overwritten.
                write("\r\u{1B}[K\(progress.line.prefix(max(20, columns - 1)))")
                isOpen = true
            } else {
                write(progress.line + "\n")
            }
        }
    }

    /// Wipes the line in place, so that what follows starts on an empty one.
    func finish() {
        hasOpenLine.withLock { isOpen in
            if isOpen { write("\r\u{1B}[K") }
            isOpen = false
        }
    }

    private var columns: Int {
        var size = winsize()
        return ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
    }

    private func write(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }
}
