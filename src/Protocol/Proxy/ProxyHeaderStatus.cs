namespace MailCluster.Protocol.Proxy;

/// <summary>What a look for a PROXY header found.</summary>
public enum ProxyHeaderStatus
{
    /// <summary>It may become one: more must come.</summary>
    Incomplete,
    /// <summary>A whole one.</summary>
    Complete,
    /// <summary>It is none, whatever may follow: the connection is to be dropped.</summary>
    Invalid,
}
