namespace MailCluster.Node.Http;

/// <summary>What the node answers over HTTP: finds who answers a request. On <c>http.bind</c> only what anybody may ask, on <c>admin.bind</c> all of it.</summary>
internal sealed class HttpEndpoints(IEnumerable<IHttpEndpoint> endpoints)
{
    private readonly IHttpEndpoint[] _endpoints = [.. endpoints];

    /// <summary>Answers one request. <paramref name="admin"/>: it came to the operators' port.</summary>
    public async Task AnswerAsync(HttpContext context, bool admin)
    {
        var head = HttpMethods.IsHead(context.Request.Method);
        var method = head ? HttpMethods.Get : context.Request.Method;
        var answer = Array.Find(_endpoints, endpoint => context.Request.Path.StartsWithSegments(endpoint.Path, StringComparison.Ordinal) && (admin || !endpoint.ForOperators)) switch
        {
            null when method != HttpMethods.Get => OnlyThese([HttpMethods.Get]),
            null => HttpAnswer.NothingHere,
            var found when !found.Methods.Contains(method) => OnlyThese(found.Methods),
            var found => await found.AnswerAsync(context.Request),
        };
        context.Response.StatusCode = answer.Status;
        context.Response.ContentType = answer.ContentType;
        context.Response.Headers.CacheControl = "no-store";
        if (!head) await context.Response.WriteAsync(answer.Text, context.RequestAborted);

        HttpAnswer OnlyThese(IReadOnlyList<string> methods)
        {
            context.Response.Headers.Allow = string.Join(", ", methods);
            return new(StatusCodes.Status405MethodNotAllowed, $"only {string.Join(", ", methods)}\n");
        }
    }
}
