namespace MailCluster.Node.Configuration;

/// <summary>One mistake in the configuration, in words for whoever has to mend it.</summary>
/// <param name="Origin">Where.</param>
/// <param name="Key">Which key, or null where there is none.</param>
/// <param name="Reason">What is wrong, and what would be right.</param>
public sealed record ConfigurationError(Origin Origin, string? Key, string Reason)
{
    /// <inheritdoc/>
    public override string ToString() => Key is null ? $"{Origin}: {Reason}" : $"{Origin}: {Key}: {Reason}";
}
