namespace MailCluster.Spool;

/// <summary>The two logs, on disk: the values never change their meaning.</summary>
internal enum LogKind : byte
{
    /// <summary>What comes in is written here.</summary>
    Incoming = 1,
    /// <summary>What stays long is carried here, so that it is not copied again at the speed of the incoming flow.</summary>
    Deferred = 2,
}
