namespace MailCluster.Node.Configuration;

/// <summary>Where a value comes from; named in every message about it and by <c>--check</c>.</summary>
public abstract record Origin
{
    private Origin() { }

    /// <summary>Nobody has set it.</summary>
    /// <param name="From">What it was computed from, or null for a fixed default.</param>
    public sealed record Default(string? From = null) : Origin
    {
        /// <inheritdoc/>
        public override string ToString() => From is null ? "default" : $"default, {From}";
    }

    /// <summary>A line of the configuration file.</summary>
    public sealed record File(string Path, int Line) : Origin
    {
        /// <inheritdoc/>
        public override string ToString() => Line == 0 ? Path : $"{Path}:{Line}";
    }

    /// <summary>An environment variable.</summary>
    public sealed record Environment(string Variable) : Origin
    {
        /// <inheritdoc/>
        public override string ToString() => $"environment variable {Variable}";
    }
}
