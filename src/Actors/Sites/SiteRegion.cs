namespace MailCluster.Actors.Sites;

/// <summary>Key of the region of site actors in the actor registry: tell it <see cref="SiteProtocol.ISiteMessage"/>s.</summary>
public sealed class SiteRegion;
