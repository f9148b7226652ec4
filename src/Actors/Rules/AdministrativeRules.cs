namespace MailCluster.Actors.Rules;

/// <summary>Key of the node's keeper of rules in the actor registry: tell it <see cref="RulesProtocol.Put"/> and <see cref="RulesProtocol.Remove"/>.</summary>
public sealed class AdministrativeRules;
