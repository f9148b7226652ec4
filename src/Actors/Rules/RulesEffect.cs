using MailCluster.Actors.Wire;

namespace MailCluster.Actors.Rules;

/// <summary>What <see cref="RulesState"/> wants told.</summary>
/// <param name="Node">To whom.</param>
/// <param name="Message">What.</param>
internal readonly record struct RulesEffect(NodeId Node, RulesProtocol.IRulesMessage Message);
