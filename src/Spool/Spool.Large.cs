using Microsoft.Win32.SafeHandles;

namespace MailCluster.Spool;

// Content in files of its own.
public sealed partial class Spool
{
    internal SafeFileHandle CreateLarge(QueueId id, bool mayBeLeftOver)
    {
        MeasureSoon();
        if (mayBeLeftOver)
        {
            // The message has been here before, and its content could not be removed. Nothing speaks of it.
            Disk.Delete(_layout.LargeContent(id));
        }
        return Disk.Create(_layout.LargeContent(id));
    }

    internal void SyncLargeFolder()
    {
        Disk.SyncDirectory(_layout.Large);
        MeasureSoon();
    }

    /// <summary>Removes a large message's content once nothing speaks of it any more; what a crash leaves, the next start removes.</summary>
    internal void RemoveLarge(QueueId id)
    {
        lock (_gate)
        {
            _removingLarge.Add(id);
        }
        Chore(() =>
        {
            Disk.Delete(_layout.LargeContent(id));
            // Where that fails, no message of that name is received before the next start.
            lock (_gate)
            {
                _removingLarge.Remove(id);
            }
        });
    }

    /// <summary>Removes large files that no message speaks of: of writers that a crash cut off.</summary>
    private void RemoveOrphans()
    {
        foreach (var path in Directory.EnumerateFiles(_layout.Large, "*.body"))
        {
            if (!QueueId.TryParse(Path.GetFileNameWithoutExtension(path), out var id) || (id.Spool == Id && id.Number > _numberAtOpen))
            {
                continue;
            }
            bool isKnown;
            lock (_gate)
            {
                isKnown = _index.Find(id) >= 0;
            }
            if (!isKnown && !_keptLarge.Contains(id))
            {
                Disk.Delete(path);
            }
        }
    }
}
