namespace MailCluster.Actors.Sessions;

/// <summary>Whether a listener's connections begin with a PROXY header (<c>listeners[].proxy-protocol</c>). There is no "where it comes": the protocol forbids to guess (section 2).</summary>
public enum ProxyProtocol
{
    /// <summary>They do not: the client is who connects.</summary>
    Off,
    /// <summary>They do: the client is whom the header names, and without one there is no session.</summary>
    Required,
}
