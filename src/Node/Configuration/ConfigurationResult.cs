using System.Collections.Immutable;
using Akka.Configuration;

namespace MailCluster.Node.Configuration;

/// <summary>What a configuration comes to: options, or the reasons why not.</summary>
/// <param name="Options">Null where there are errors.</param>
/// <param name="Akka">The section <c>akka</c> with its overrides, without our own defaults; empty where there are errors.</param>
/// <param name="Effective">Every value in force.</param>
/// <param name="Keys">Every key of <c>mailcluster</c> that has a reader.</param>
/// <param name="Errors">All mistakes, in the order of their places.</param>
public sealed record ConfigurationResult(
    NodeOptions? Options, Config Akka, ImmutableArray<EffectiveValue> Effective, ImmutableArray<string> Keys, ImmutableArray<ConfigurationError> Errors);
