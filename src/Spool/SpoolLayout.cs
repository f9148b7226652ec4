using System.Globalization;

namespace MailCluster.Spool;

/// <summary>Where what is in the spool's folder.</summary>
internal sealed record SpoolLayout(string Directory)
{
    /// <summary>Locked by the process that has the spool open.</summary>
    public string Lock => Path.Combine(Directory, "lock");

    /// <summary>Version, id and secret.</summary>
    public string Format => Path.Combine(Directory, "spool");

    /// <summary>The segments of the incoming log, and their sidecars.</summary>
    public string Incoming => Path.Combine(Directory, "incoming");

    /// <summary>The segments of the deferred log, and their sidecars.</summary>
    public string Deferred => Path.Combine(Directory, "deferred");

    /// <summary>Content over the limit, a file a message.</summary>
    public string Large => Path.Combine(Directory, "large");

    /// <summary>What could not be read.</summary>
    public string Corrupt => Path.Combine(Directory, "corrupt");

    /// <summary>Segments kept free for outcomes and for carrying on a full disk.</summary>
    public string Reserve => Path.Combine(Directory, "reserve");

    /// <summary>Which handovers were received, as far as no record says so any more.</summary>
    public string Received => Path.Combine(Directory, "received");

    /// <summary>The folder of a log.</summary>
    public string Log(LogKind kind) => kind == LogKind.Incoming ? Incoming : Deferred;

    /// <summary>A segment's file.</summary>
    public string Segment(LogKind kind, uint number) => Path.Combine(Log(kind), number.ToString("d10", CultureInfo.InvariantCulture) + ".seg");

    /// <summary>A large message's content.</summary>
    public string LargeContent(QueueId id) => Path.Combine(Large, id + ".body");
}
