// A shop's program with Apache HttpClient 4.5: WAY BASE USER PASSWORD MOBILE TEXT LINE [LINE2].
// Prints `message_id line mobile status state`, or `refused CODE`.
// addTextBody without a charset calls its field ISO-8859-1; what needs another is given one.
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.http.HttpEntity;
import org.apache.http.NameValuePair;
import org.apache.http.client.entity.GzipCompressingEntity;
import org.apache.http.client.entity.UrlEncodedFormEntity;
import org.apache.http.client.methods.CloseableHttpResponse;
import org.apache.http.client.methods.HttpPost;
import org.apache.http.entity.ContentType;
import org.apache.http.entity.mime.MultipartEntityBuilder;
import org.apache.http.impl.client.CloseableHttpClient;
import org.apache.http.impl.client.HttpClients;
import org.apache.http.message.BasicNameValuePair;
import org.apache.http.util.EntityUtils;

public class WithHttpClient {
    static HttpEntity multipart(Map<String, String> fields) {
        MultipartEntityBuilder builder = MultipartEntityBuilder.create();
        fields.forEach((name, value) -> {
            if (StandardCharsets.ISO_8859_1.newEncoder().canEncode(value)) {
                builder.addTextBody(name, value);
            } else {
                builder.addTextBody(name, value, ContentType.create("text/plain", StandardCharsets.UTF_8));
            }
        });
        return builder.build();
    }

    static HttpEntity form(Map<String, String> fields) {
        List<NameValuePair> pairs = new ArrayList<>();
        fields.forEach((name, value) -> pairs.add(new BasicNameValuePair(name, value)));
        return new UrlEncodedFormEntity(pairs, StandardCharsets.UTF_8);
    }

    static String call(CloseableHttpClient client, String url, HttpEntity entity) throws Exception {
        HttpPost post = new HttpPost(url);
        post.setEntity(entity);
        try (CloseableHttpResponse answer = client.execute(post)) {
            return EntityUtils.toString(answer.getEntity(), StandardCharsets.UTF_8);
        }
    }

    static String found(String pattern, String text) {
        Matcher matcher = Pattern.compile(pattern).matcher(text);
        if (!matcher.find()) {
            throw new IllegalStateException("not found: " + pattern);
        }
        return matcher.group(1);
    }

    public static void main(String[] told) throws Exception {
        Map<String, String> fields = new LinkedHashMap<>();
        String[] names = {"username", "password", "mobile", "message", "line", "line2"};
        for (int at = 0; at < names.length && at + 2 < told.length; at++) {
            fields.put(names[at], told[at + 2]);
        }
        try (CloseableHttpClient client = HttpClients.createDefault()) {
            HttpEntity entity = told[0].equals("gzip") ? new GzipCompressingEntity(form(fields)) : multipart(fields);
            String sent = call(client, told[1] + "/api/wsSend.ashx", entity);
            String status = found("\"status\":(-?\\d+)", sent);
            if (!status.equals("-1")) {
                System.out.println("refused " + status);
                return;
            }
            String id = found("\"message_id\":(\\d+)", sent);
            Map<String, String> asked = new LinkedHashMap<>(fields);
            asked.keySet().retainAll(List.of("username", "password"));
            asked.put("message_ids", id);
            String state = "";
            for (int tries = 0; tries < 200 && !List.of("1", "2", "16").contains(state); tries++) {
                if (tries > 0) {
                    Thread.sleep(50);
                }
                state = found("\"states\":\"(-?\\d+)\"", call(client, told[1] + "/api/wsStates.aspx", multipart(asked)));
            }
            String line = found("\"line\":(\\d+)", sent);
            System.out.println(id + " " + line + " " + found("\"mobile\":\"(\\d+)\"", sent) + " " + status + " " + state);
        }
    }
}
