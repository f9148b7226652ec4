namespace MailCluster.Node.Http;

/// <summary><c>/readyz</c>: 200 while the node takes mail, else 503 with a line for each thing that is missing.</summary>
internal sealed class ReadinessEndpoint(NodeReadiness readiness) : IHttpEndpoint
{
    /// <inheritdoc/>
    public string Path => "/readyz";

    /// <inheritdoc/>
    public bool ForOperators => false;

    /// <inheritdoc/>
    public IReadOnlyList<string> Methods => [HttpMethods.Get];

    /// <inheritdoc/>
    public Task<HttpAnswer> AnswerAsync(HttpRequest request) => Task.FromResult(readiness.Missing is { Count: > 0 } missing
        ? new HttpAnswer(StatusCodes.Status503ServiceUnavailable, string.Join('\n', missing) + "\n")
        : HttpAnswer.Lines(["ready"]));
}
