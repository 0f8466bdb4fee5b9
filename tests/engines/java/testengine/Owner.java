package testengine;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** What every server here has in common: it ends with the process it was started for, and says where it listens. */
public final class Owner {
    private Owner() {
    }

    /** Ends this process when the process {@code -Downer.pid} ends, also when that one was killed. */
    public static void watch() {
        Long pid = Long.getLong("owner.pid");
        if (pid == null) {
            return;
        }
        ProcessHandle.of(pid).ifPresentOrElse(
            owner -> owner.onExit().thenRun(() -> System.exit(0)),
            () -> System.exit(0));
    }

    /** Writes the base address into the file {@code -Dready}, whole or not at all. */
    public static void ready(int port) throws IOException {
        Path file = Path.of(System.getProperty("ready"));
        Path part = file.resolveSibling(file.getFileName() + ".part");
        Files.writeString(part, "http://127.0.0.1:" + port + "\n", StandardCharsets.UTF_8);
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
    }
}
