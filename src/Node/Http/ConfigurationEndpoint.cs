using MailCluster.Node.Configuration;

namespace MailCluster.Node.Http;

/// <summary><c>/configuration</c>, for operators: the values in force, each with its origin; secrets masked.</summary>
internal sealed class ConfigurationEndpoint(IReadOnlyList<EffectiveValue> configuration) : IHttpEndpoint
{
    /// <inheritdoc/>
    public string Path => "/configuration";

    /// <inheritdoc/>
    public bool ForOperators => true;

    /// <inheritdoc/>
    public IReadOnlyList<string> Methods => [HttpMethods.Get];

    /// <inheritdoc/>
    public Task<HttpAnswer> AnswerAsync(HttpRequest request) => Task.FromResult(HttpAnswer.Lines(configuration.Select(value => value.ToString())));
}
