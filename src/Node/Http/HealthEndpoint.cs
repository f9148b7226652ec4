namespace MailCluster.Node.Http;

/// <summary><c>/healthz</c>: 200 as long as the process can answer, whatever state the node is in. A node that is cut off or full is not mended by a restart.</summary>
internal sealed class HealthEndpoint : IHttpEndpoint
{
    /// <inheritdoc/>
    public string Path => "/healthz";

    /// <inheritdoc/>
    public bool ForOperators => false;

    /// <inheritdoc/>
    public IReadOnlyList<string> Methods => [HttpMethods.Get];

    /// <inheritdoc/>
    public Task<HttpAnswer> AnswerAsync(HttpRequest request) => Task.FromResult(HttpAnswer.Lines(["ok"]));
}
