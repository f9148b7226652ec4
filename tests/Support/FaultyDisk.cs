using MailCluster.Spool;
using Microsoft.Win32.SafeHandles;

namespace MailCluster.Support;

/// <summary>
/// A disk on which a chosen step fails, or at which everything stops as in a crash. It knows what was written and not yet synced, and can take parts of that
/// back as a power cut does. It can also be small.
/// </summary>
internal sealed class FaultyDisk : SpoolDisk
{
    private readonly Lock _lock = new();
    private readonly List<UnsyncedWrite> _unsynced = [];
    private readonly Dictionary<SafeFileHandle, string> _paths = [];
    private readonly Dictionary<string, long> _allocated = [];

    /// <summary>The first step that fails, from 1; 0 for none.</summary>
    public int FailAt { get; set; }

    /// <summary>How many steps fail from there on.</summary>
    public int Failures { get; set; } = 1;

    /// <summary>True where the step that fails is the last that happens at all.</summary>
    public bool Stops { get; init; }

    /// <summary>Steps so far.</summary>
    public int Steps { get; private set; }

    /// <summary>True once a step has failed.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>Writes and syncs fail, until this is false again.</summary>
    public bool IsBroken { get; set; }

    /// <summary>Octets that fit on it.</summary>
    public long Capacity { get; set; } = long.MaxValue;

    /// <summary>Octets allocated.</summary>
    public long Allocated
    {
        get
        {
            lock (_lock)
            {
                return _allocated.Values.Sum();
            }
        }
    }

    /// <summary>Counts what is there already, after a restart.</summary>
    public void Survey(string directory)
    {
        foreach (var path in Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories))
        {
            _allocated[path] = new FileInfo(path).Length;
        }
    }

    /// <summary>What was not synced is lost, in sectors chosen by <paramref name="random"/>.</summary>
    public void CutPower(Random random)
    {
        const int Sector = 512;
        for (var i = _unsynced.Count - 1; i >= 0; i--)
        {
            var (path, offset, old) = _unsynced[i];
            if (!File.Exists(path))
            {
                continue;
            }
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
            for (var position = 0; position < old.Length; position += Sector)
            {
                if (random.Next(2) == 0)
                {
                    RandomAccess.Write(file, old.AsSpan(position, Math.Min(Sector, old.Length - position)), offset + position);
                }
            }
        }
        _unsynced.Clear();
    }

    public override SafeFileHandle Create(string path)
    {
        Step();
        var file = base.Create(path);
        lock (_lock)
        {
            _paths[file] = path;
        }
        return file;
    }

    public override SafeFileHandle OpenWrite(string path)
    {
        Step();
        var file = base.OpenWrite(path);
        lock (_lock)
        {
            _paths[file] = path;
        }
        return file;
    }

    public override void Preallocate(SafeFileHandle file, long length)
    {
        Step();
        lock (_lock)
        {
            if (_allocated.Values.Sum() + length > Capacity)
            {
                throw new DiskFullException("No space left on device");
            }
            _allocated[_paths[file]] = length;
        }
        base.Preallocate(file, length);
    }

    public override void Write(SafeFileHandle file, IReadOnlyList<ReadOnlyMemory<byte>> vectors, long offset)
    {
        var length = vectors.Sum(static vector => vector.Length);
        var old = new byte[length];
        base.Read(file, old, offset);
        lock (_lock)
        {
            _unsynced.Add(new(_paths[file], offset, old));
        }
        if (IsBroken)
        {
            throw new IOException("Input/output error");
        }
        try
        {
            Step();
        }
        catch (IOException) when (!Stops || Steps == FailAt)
        {
            // Half of it is there.
            var half = vectors.SelectMany(static vector => vector.ToArray()).Take(length / 2).ToArray();
            RandomAccess.Write(file, half, offset);
            throw;
        }
        base.Write(file, vectors, offset);
    }

    public override void Sync(SafeFileHandle file)
    {
        if (IsBroken)
        {
            throw new IOException("Input/output error");
        }
        Step();
        base.Sync(file);
        lock (_lock)
        {
            if (_paths.TryGetValue(file, out var path))
            {
                _unsynced.RemoveAll(write => write.Path == path);
            }
        }
    }

    public override void SyncDirectory(string path)
    {
        Step();
        base.SyncDirectory(path);
    }

    public override void Truncate(SafeFileHandle file, long length)
    {
        Step();
        base.Truncate(file, length);
        lock (_lock)
        {
            _allocated[_paths[file]] = length;
        }
    }

    public override void Delete(string path)
    {
        Step();
        base.Delete(path);
        lock (_lock)
        {
            _allocated.Remove(path);
        }
    }

    public override void Rename(string from, string to)
    {
        Step();
        base.Rename(from, to);
        lock (_lock)
        {
            if (_allocated.Remove(from, out var length))
            {
                _allocated[to] = length;
            }
        }
    }

    public override (long Octets, long Inodes) Free(string directory)
        => Capacity == long.MaxValue ? base.Free(directory) : (Capacity - Allocated, 1_000_000);

    private void Step()
    {
        lock (_lock)
        {
            if (Stops && HasFailed)
            {
                throw new IOException("Stopped.");
            }
            Steps++;
            if (FailAt > 0 && Steps >= FailAt && Steps < FailAt + Failures)
            {
                HasFailed = true;
                throw new IOException($"Step {Steps} fails.");
            }
        }
    }

    private readonly record struct UnsyncedWrite(string Path, long Offset, byte[] Old);
}
