using MailCluster.Node.Configuration;

namespace MailCluster.Node.Http;

/// <summary>
/// What the node answers over HTTP. On <c>http.bind</c>: <c>/healthz</c>, 200 as long as the process can answer, and <c>/readyz</c>, 200 while it takes mail and else
/// 503 with what is missing. On <c>admin.bind</c>: <c>/configuration</c>, the values in force, and the two others.
/// </summary>
internal sealed class HttpEndpoints(NodeReadiness readiness, IReadOnlyList<EffectiveValue> configuration)
{
    /// <summary>Answers one request. <paramref name="admin"/>: it came to the operators' port.</summary>
    public async Task AnswerAsync(HttpContext context, bool admin)
    {
        var (status, text) = (context.Request.Method, context.Request.Path.Value, admin) switch
        {
            (not ("GET" or "HEAD"), _, _) => (StatusCodes.Status405MethodNotAllowed, "only GET\n"),
            (_, "/healthz", _) => (StatusCodes.Status200OK, "ok\n"),
            (_, "/readyz", _) => readiness.Missing is { Count: > 0 } missing ? (StatusCodes.Status503ServiceUnavailable, string.Join('\n', missing) + "\n") : (StatusCodes.Status200OK, "ready\n"),
            (_, "/configuration", true) => (StatusCodes.Status200OK, string.Join('\n', configuration) + "\n"),
            _ => (StatusCodes.Status404NotFound, "nothing here\n"),
        };
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        if (context.Request.Method != "HEAD") await context.Response.WriteAsync(text, context.RequestAborted);
    }
}
