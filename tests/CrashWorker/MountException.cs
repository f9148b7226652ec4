namespace MailCluster.Spool.CrashWorker;

/// <summary>A file system could not be made or mounted: the machine does not let us, or lacks the program.</summary>
internal sealed class MountException(string message) : Exception(message);
