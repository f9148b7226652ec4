using Microsoft.Win32.SafeHandles;

namespace MailCluster.Spool.CrashWorker;

/// <summary>The negative control: a disk on which, from some moment on, no sync does anything. A test of power cuts that finds nothing wrong with it finds nothing at all.</summary>
internal sealed class UnsyncedDisk : SpoolDisk
{
    private volatile bool _isUnsynced;

    public bool IsUnsynced
    {
        set => _isUnsynced = value;
    }

    public override void Sync(SafeFileHandle file)
    {
        if (!_isUnsynced)
        {
            base.Sync(file);
        }
    }

    public override void SyncDirectory(string path)
    {
        if (!_isUnsynced)
        {
            base.SyncDirectory(path);
        }
    }
}
