using MailCluster.Actors.Facts;

namespace MailCluster.Actors.Wire;

/// <summary><see cref="Fact"/> in protobuf.</summary>
internal static class FactsWire
{
    public static Proto.Fact? Write(Fact? fact) => fact is null ? null : new() { Version = fact.Version, ExpiresUs = RulesWire.Write(fact.Expires), Value = fact.Value };

    public static Fact? Read(Proto.Fact? fact) => fact is null ? null : new(fact.Version, RulesWire.ReadTime(fact.ExpiresUs), fact.Value);
}
