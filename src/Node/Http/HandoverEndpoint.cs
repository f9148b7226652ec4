using MailCluster.Node.Hosting;

namespace MailCluster.Node.Http;

/// <summary>
/// <c>POST /handover?by=…</c>, for operators: the node leaves for good. It stops as on SIGTERM, and before its spool closes it gives its mail to its peers. Answers when that has begun.
/// </summary>
internal sealed class HandoverEndpoint(FinalLeave leave, NodeReadiness readiness, IHostApplicationLifetime lifetime) : IHttpEndpoint
{
    private const int LongestAuthor = 100;

    /// <inheritdoc/>
    public string Path => "/handover";

    /// <inheritdoc/>
    public bool ForOperators => true;

    /// <inheritdoc/>
    public IReadOnlyList<string> Methods => [HttpMethods.Post];

    /// <inheritdoc/>
    public Task<HttpAnswer> AnswerAsync(HttpRequest request)
    {
        var author = request.Query["by"].ToString() is { Length: > 0 } by ? by : $"{request.HttpContext.Connection.RemoteIpAddress}";
        if (author.Length > LongestAuthor || author.Any(c => char.IsControl(c) || c == ' ')) return Said(StatusCodes.Status400BadRequest, $"by: expected a word of at most {LongestAuthor} characters");
        if (leave.IsAlone) return Said(StatusCodes.Status409Conflict, "this node has no peers (cluster.nodes): nobody could take its mail");
        if (readiness.ClusterMissing is not null) return Said(StatusCodes.Status503ServiceUnavailable, "not joined to the cluster: nobody could take its mail; ask again");
        if (!leave.Order(author)) return Said(StatusCodes.Status409Conflict, "the node is stopping already");

        // The answer goes out first: a host that stops closes this connection too.
        request.HttpContext.Response.OnCompleted(() =>
        {
            lifetime.StopApplication();
            return Task.CompletedTask;
        });
        return Said(StatusCodes.Status202Accepted, "the node stops, and hands its mail over before it ends; its log says how that goes");
    }

    private static Task<HttpAnswer> Said(int status, string text) => Task.FromResult(new HttpAnswer(status, text + "\n"));
}
