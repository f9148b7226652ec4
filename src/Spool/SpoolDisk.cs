using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace MailCluster.Spool;

/// <summary>
/// All that the spool does to a disk, one method a step. The methods are virtual for one reason: so that a test can let each step fail, or stop
/// there. What fails throws <see cref="IOException"/>.
/// </summary>
internal partial class SpoolDisk
{
    private const int OutOfSpace = 28;
    private const int OverQuota = 122;
    private const int NotSupported = 95;
    private const int VectorsAtOnce = 1024;

    /// <summary>Creates a file that is not there yet, to be written and read.</summary>
    public virtual SafeFileHandle Create(string path)
    {
        try
        {
            return File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception failure) when (failure is UnauthorizedAccessException or IOException { HResult: OutOfSpace or OverQuota })
        {
            throw failure is IOException ? new DiskFullException(failure.Message, failure) : new IOException(failure.Message, failure);
        }
    }

    /// <summary>Opens a file for reading only.</summary>
    public virtual SafeFileHandle OpenRead(string path) => File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    /// <summary>Opens a file that is there, to be written.</summary>
    public virtual SafeFileHandle OpenWrite(string path) => File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);

    /// <summary>Gives a file its blocks, so that later writes cannot run out of space.</summary>
    /// <exception cref="DiskFullException">There is no room.</exception>
    public virtual void Preallocate(SafeFileHandle file, long length)
    {
        if (OperatingSystem.IsLinux())
        {
            if (Fallocate(file, 0, 0, length) == 0)
            {
                return;
            }
            var error = Marshal.GetLastPInvokeError();
            if (error != NotSupported)
            {
                throw Failure("fallocate", error);
            }
        }
        RandomAccess.SetLength(file, length);
    }

    /// <summary>Writes all of <paramref name="vectors"/> one behind the other. They stand on the pinned heap.</summary>
    public virtual void Write(SafeFileHandle file, IReadOnlyList<ReadOnlyMemory<byte>> vectors, long offset)
    {
        if (OperatingSystem.IsLinux())
        {
            WriteGathered(file, vectors, offset);
        }
        else
        {
            RandomAccess.Write(file, vectors, offset);
        }
    }

    /// <summary>Reads up to the length of <paramref name="target"/>; fewer only at the end of the file.</summary>
    public virtual int Read(SafeFileHandle file, Span<byte> target, long offset)
    {
        var total = 0;
        while (total < target.Length)
        {
            var read = RandomAccess.Read(file, target[total..], offset + total);
            if (read == 0)
            {
                break;
            }
            total += read;
        }
        return total;
    }

    /// <summary>Brings a file's data, and what is needed to find it, to stable storage.</summary>
    public virtual void Sync(SafeFileHandle file)
    {
        if (!OperatingSystem.IsLinux())
        {
            RandomAccess.FlushToDisk(file);
        }
        else if (Fdatasync(file) != 0)
        {
            throw Failure("fdatasync", Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>Brings a folder's names to stable storage.</summary>
    public virtual void SyncDirectory(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }
        var directory = OpenDirectory(path, 0x80000);
        if (directory < 0)
        {
            throw Failure("open", Marshal.GetLastPInvokeError());
        }
        using var handle = new SafeFileHandle(directory, ownsHandle: true);
        if (Fsync(handle) != 0)
        {
            throw Failure("fsync", Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>Shortens a file.</summary>
    public virtual void Truncate(SafeFileHandle file, long length) => RandomAccess.SetLength(file, length);

    /// <summary>Removes a file; nothing where it is not there.</summary>
    public virtual void Delete(string path) => File.Delete(path);

    /// <summary>Renames a file, over another where that exists.</summary>
    public virtual void Rename(string from, string to) => File.Move(from, to, overwrite: true);

    /// <summary>Octets and inodes that are free at <paramref name="directory"/>.</summary>
    public virtual (long Octets, long Inodes) Free(string directory)
    {
        if (!OperatingSystem.IsLinux())
        {
            return (new DriveInfo(directory).AvailableFreeSpace, long.MaxValue);
        }
        Span<ulong> answer = stackalloc ulong[32];
        if (Statvfs(directory, answer) != 0)
        {
            throw Failure("statvfs", Marshal.GetLastPInvokeError());
        }
        // f_bsize, f_frsize, f_blocks, f_bfree, f_bavail, f_files, f_ffree, f_favail. File systems without inodes say 0 of 0.
        return ((long)(answer[1] * answer[4]), answer[5] == 0 ? long.MaxValue : (long)answer[7]);
    }

    private static unsafe void WriteGathered(SafeFileHandle file, IReadOnlyList<ReadOnlyMemory<byte>> vectors, long offset)
    {
        Span<Vector> gathered = stackalloc Vector[Math.Min(vectors.Count, VectorsAtOnce)];
        var next = 0;
        var skip = 0;
        while (next < vectors.Count)
        {
            var count = 0;
            for (var i = next; i < vectors.Count && count < gathered.Length; i++)
            {
                var part = vectors[i].Span;
                if (i == next)
                {
                    part = part[skip..];
                }
                gathered[count++] = new((nint)System.Runtime.CompilerServices.Unsafe.AsPointer(ref MemoryMarshal.GetReference(part)), part.Length);
            }
            nint written;
            fixed (Vector* first = gathered)
            {
                written = Pwritev(file, first, count, offset);
            }
            if (written < 0)
            {
                var error = Marshal.GetLastPInvokeError();
                if (error == 4)
                {
                    continue;
                }
                throw Failure("pwritev", error);
            }
            offset += written;
            for (; next < vectors.Count && written >= vectors[next].Length - skip; next++, skip = 0)
            {
                written -= vectors[next].Length - skip;
            }
            skip += (int)written;
        }
    }

    private static IOException Failure(string call, int error) => error is OutOfSpace or OverQuota
        ? new DiskFullException($"{call}: {Marshal.GetPInvokeErrorMessage(error)}")
        : new IOException($"{call}: {Marshal.GetPInvokeErrorMessage(error)}");

    private readonly record struct Vector(nint Address, nint Length);

    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    private static partial int Fallocate(SafeFileHandle file, int mode, long offset, long length);

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int Fdatasync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenDirectory(string path, int flags);

    [LibraryImport("libc", EntryPoint = "pwritev", SetLastError = true)]
    private static unsafe partial nint Pwritev(SafeFileHandle file, Vector* vectors, int count, long offset);

    [LibraryImport("libc", EntryPoint = "statvfs", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statvfs(string path, Span<ulong> answer);
}
