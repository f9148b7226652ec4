namespace MailCluster.Actors.Delivery;

/// <summary>One MX record.</summary>
/// <param name="Name">The host, lower case, without the final dot; empty for the root.</param>
/// <param name="Preference">Lower is tried first.</param>
internal readonly record struct MailExchanger(string Name, int Preference);
