import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

import com.teragrep.pth_03.antlr.DPLLexer;
import com.teragrep.pth_03.antlr.DPLParser;
import com.teragrep.pth_03.shaded.org.antlr.v4.runtime.BaseErrorListener;
import com.teragrep.pth_03.shaded.org.antlr.v4.runtime.CharStreams;
import com.teragrep.pth_03.shaded.org.antlr.v4.runtime.CommonTokenStream;
import com.teragrep.pth_03.shaded.org.antlr.v4.runtime.RecognitionException;
import com.teragrep.pth_03.shaded.org.antlr.v4.runtime.Recognizer;

/**
 * SPL queries on standard input, each ended by NUL; for each one line on standard output: "OK" or "ERROR line:col what".
 *
 * Two differences between this grammar and Splunk are bridged: "bin FIELD span=X" is read as "bin span=X FIELD", and
 * an odd number of unescaped double quotes is an error (the lexer lets it pass).
 */
public final class SplCheck {
    private static final Pattern BIN = Pattern.compile("\\|\\s*(bin|bucket)\\s+([\\w.{}]+)\\s+(span=\\S+)");

    private SplCheck() {
    }

    public static void main(String[] args) throws IOException {
        String input = new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        int start = 0;
        for (int end = input.indexOf('\0'); end >= 0; end = input.indexOf('\0', start)) {
            List<String> errors = check(input.substring(start, end).replaceAll("[\\r\\n]", " "));
            out.println(errors.isEmpty() ? "OK" : "ERROR " + errors.get(0).replaceAll("\\R", " "));
            start = end + 1;
        }
    }

    private static List<String> check(String query) {
        List<String> errors = new ArrayList<>();
        BaseErrorListener listener = new BaseErrorListener() {
            @Override
            public void syntaxError(Recognizer<?, ?> r, Object symbol, int line, int col, String what, RecognitionException e) {
                errors.add(line + ":" + col + " " + what);
            }
        };
        String text = BIN.matcher(query).replaceAll("| $1 $3 $2");
        if (oddQuotes(text)) {
            errors.add("1:" + text.length() + " unbalanced double quote");
        }
        DPLLexer lexer = new DPLLexer(CharStreams.fromString(text));
        lexer.removeErrorListeners();
        lexer.addErrorListener(listener);
        DPLParser parser = new DPLParser(new CommonTokenStream(lexer));
        parser.removeErrorListeners();
        parser.addErrorListener(listener);
        try {
            parser.root();
        } catch (RuntimeException e) {
            errors.add("1:0 " + e);
        }
        return errors;
    }

    private static boolean oddQuotes(String text) {
        boolean in = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\\') {
                i++;
            } else if (c == '"') {
                in = !in;
            }
        }
        return in;
    }
}
