namespace MailCluster.Spool.Tests;

/// <summary>The crash tests: they take the whole machine, so nothing runs beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class CrashCollection
{
    public const string Name = "crashes";
}
