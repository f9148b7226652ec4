using Akka.Actor;
using System.Collections.Immutable;
using MailCluster.Actors.Wire;

namespace MailCluster.Actors.Rules;

/// <summary>How the nodes tell each other the rules, between the actors <c>/user/rules</c>, and what an operator's face tells the one on its node. What crosses may be lost, doubled or late.</summary>
public static class RulesProtocol
{
    /// <summary>Crosses between nodes.</summary>
    public interface IRulesMessage : IWireMessage
    {
        /// <summary>Who says it.</summary>
        NodeId Node { get; }

        /// <summary>True where its rules are so old that some of them may have been removed, and that forgotten, meanwhile: they count for nothing with those who know better.</summary>
        bool IsOutdated { get; }
    }

    /// <summary>How the sender's rules stand. Answered, where the receiver's differ, by <see cref="Told"/> with those that may be news, and then by a digest that is an answer, so that the first
    /// can tell in turn.</summary>
    /// <param name="Node">Who says it.</param>
    /// <param name="Parts">As <see cref="RuleSet.Digest"/>; empty where everything is wanted.</param>
    /// <param name="IsAnswer">True for an answer: then only <see cref="Told"/> follows.</param>
    /// <param name="IsOutdated">See above.</param>
    public sealed record Digest(NodeId Node, ImmutableArray<ulong> Parts, bool IsAnswer, bool IsOutdated) : IRulesMessage;

    /// <summary>Rules that may be news. Repeatable: they are merged. Not answered.</summary>
    public sealed record Told(NodeId Node, ImmutableArray<Rule> Rules, bool IsOutdated) : IRulesMessage;

    /// <summary>Make a rule, or make it anew. Answered by <see cref="Done"/> when it is on this node's disk and in force here, or by <see cref="Refused"/>. Repeatable: where there is one that says
    /// the same, nothing is made.</summary>
    public sealed record Put(RuleKey Key, string Value, DateTimeOffset? Until, string Author, string Reason) : INoSerializationVerificationNeeded;

    /// <summary>Remove a rule. Answered as <see cref="Put"/>. Repeatable: where there is none, nothing is done.</summary>
    public sealed record Remove(RuleKey Key, string Author, string Reason) : INoSerializationVerificationNeeded;

    /// <summary>It is so here, and stays so. The other nodes are told now; one that cannot be reached hears when it can.</summary>
    /// <param name="Rule">The rule or tombstone in force; null where there was nothing to remove.</param>
    /// <param name="IsChange">False where it was so before.</param>
    /// <param name="Peers">How many other nodes are told.</param>
    public sealed record Done(Rule? Rule, bool IsChange, int Peers) : INoSerializationVerificationNeeded;

    /// <summary>It is as it was before.</summary>
    /// <param name="Reason">Why, for the operator.</param>
    public sealed record Refused(string Reason) : INoSerializationVerificationNeeded;
}
