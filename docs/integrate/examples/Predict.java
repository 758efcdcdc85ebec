// Two customers by Java 17, without a library: java Predict.java customers.json. Waits as Retry-After says, ten seconds
// in all.
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

public class Predict {
    public static void main(String[] arguments) throws Exception {
        String url = System.getenv().getOrDefault("CHURN_URL", "http://127.0.0.1:8080");
        String key = System.getenv("CHURN_API_KEY");
        Path customers = Path.of(arguments.length > 0 ? arguments[0] : "customers.json");
        if (!Files.isReadable(customers)) {
            System.err.println(customers + ": no such file");
            System.exit(2);
        }
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url + "/v1/predictions"))
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofFile(customers));
        if (key != null) {
            request.header("Authorization", "Bearer " + key);
        }
        HttpResponse<String> answer;
        try {
            answer = ask(request, System.nanoTime() + Duration.ofSeconds(10).toNanos());
        } catch (IOException error) {
            System.err.println("no answer from " + url + " within ten seconds: " + error);
            System.exit(1);
            return;
        }
        if (answer.statusCode() != 200) {
            System.err.println(answer.body()); // a problem document: what is wrong, field by field, and what to do
            System.exit(1);
        }
        System.out.println(answer.body()); // JSON, for the library of your choice
    }

    static HttpResponse<String> ask(HttpRequest.Builder request, long deadline) throws Exception {
        HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(2))
            .build();
        while (true) {
            Duration left = Duration.ofNanos(Math.max(deadline - System.nanoTime(), 1));
            HttpResponse<String> answer;
            try {
                answer = client.send(request.timeout(left).build(), BodyHandlers.ofString());
            } catch (IOException error) { // no connection, or one that was cut: asking again does no harm
                if (left.toMillis() < 1000) {
                    throw error;
                }
                Thread.sleep((long) (500 * Math.random()));
                continue;
            }
            long wait = answer.headers().firstValueAsLong("retry-after").orElse(Long.MAX_VALUE);
            boolean later = answer.statusCode() == 503 || answer.statusCode() == 429;
            if (!later || wait >= left.toSeconds()) {
                return answer;
            }
            Thread.sleep(wait * 1000 + (long) (100 * Math.random()));
        }
    }
}
