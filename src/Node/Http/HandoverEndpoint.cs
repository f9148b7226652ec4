using System.Globalization;
using MailCluster.Node.Hosting;

namespace MailCluster.Node.Http;

/// <summary>
/// <c>/handover</c>, for operators. POST <c>/handover?by=…</c>: the node leaves for good. It stops as on SIGTERM, and before its spool closes it gives its mail to its peers. Answers when that has
/// begun. GET: a line for each receiver whose word mail of this node waits for. POST <c>/handover/keep/RECEIVER?by=…</c>: that receiver is gone for good, and the mail is delivered from here.
/// </summary>
internal sealed class HandoverEndpoint(FinalLeave leave, NodeReadiness readiness, NodeWork work, IHostApplicationLifetime lifetime) : IHttpEndpoint
{
    private const int LongestAuthor = 100;

    private const string Keep = "/keep/";

    /// <inheritdoc/>
    public string Path => "/handover";

    /// <inheritdoc/>
    public bool ForOperators => true;

    /// <inheritdoc/>
    public IReadOnlyList<string> Methods => [HttpMethods.Get, HttpMethods.Post];

    /// <inheritdoc/>
    public async Task<HttpAnswer> AnswerAsync(HttpRequest request)
    {
        var below = request.Path.Value![Path.Length..].TrimEnd('/');
        if (HttpMethods.IsGet(request.Method)) return below.Length > 0 ? HttpAnswer.NothingHere : work.Inquiry is { } awaited ? HttpAnswer.Lines(awaited.Awaited.Select(Line)) : NotStarted();
        var author = request.Query["by"].ToString() is { Length: > 0 } by ? by : $"{request.HttpContext.Connection.RemoteIpAddress}";
        if (author.Length > LongestAuthor || author.Any(c => char.IsControl(c) || c == ' ')) return Said(StatusCodes.Status400BadRequest, $"by: expected a word of at most {LongestAuthor} characters");
        return below.StartsWith(Keep, StringComparison.Ordinal) ? await KeepAsync(below[Keep.Length..], author, request.HttpContext.RequestAborted) : below.Length > 0 ? HttpAnswer.NothingHere : Leave(request, author);
    }

    private HttpAnswer Leave(HttpRequest request, string author)
    {
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

    private async Task<HttpAnswer> KeepAsync(string receiver, string author, CancellationToken cancellation)
    {
        if (receiver.Length != 16 || !ulong.TryParse(receiver, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var spool))
        {
            return Said(StatusCodes.Status400BadRequest, "which receiver? 16 hexadecimal digits, the first word of a line that GET /handover answers");
        }

        if (work.Inquiry is not { } inquiry || readiness.ClusterMissing is not null) return NotStarted();
        try
        {
            return await inquiry.KeepAsync(spool, author, cancellation) is { } kept
                ? Said(StatusCodes.Status200OK, kept == 0 ? $"nothing waits for {receiver}" : string.Create(CultureInfo.InvariantCulture, $"{kept} messages are queued again here"))
                : Said(StatusCodes.Status409Conflict, $"{receiver} is a member of the cluster: it is asked, and has not said that it does not know");
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            return Said(StatusCodes.Status503ServiceUnavailable, $"not stored: {e.Message}; ask again");
        }
    }

    private static string Line((string Receiver, int Messages) awaited) => string.Create(CultureInfo.InvariantCulture, $"{awaited.Receiver} messages={awaited.Messages}");

    private static HttpAnswer NotStarted() => Said(StatusCodes.Status503ServiceUnavailable, "not joined to the cluster yet; ask again");

    private static HttpAnswer Said(int status, string text) => new(status, text + "\n");
}
