using Microsoft.Extensions.Logging;

namespace MailCluster.Node.Configuration;

/// <summary>What is written to the console (<c>mailcluster.log</c>).</summary>
public sealed class LogOptions
{
    /// <summary>Lines below it are not written. Default: information.</summary>
    public LogLevel Level { get; init; } = LogLevel.Information;
}
