using MailCluster.Actors.Wire;

namespace MailCluster.Actors.Sites;

/// <summary>What a site's state wants done.</summary>
internal abstract record SiteEffect
{
    private SiteEffect() { }

    /// <summary>Tell a node that has asked.</summary>
    public sealed record Tell(NodeId Node, SiteProtocol.ISiteMessage Message) : SiteEffect;

    /// <summary>Ask a member what it holds.</summary>
    public sealed record Ask(NodeId Node, SiteProtocol.WhatIsHeld Message) : SiteEffect;
}
