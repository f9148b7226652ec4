namespace MailCluster.EndToEnd.Tests.Support;

/// <summary>Tests that put the machine under load run while no other test does.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
