using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace MailCluster.Actors.Disk;

/// <summary>
/// A small file that is replaced as a whole: after a crash the old one or the new one is found, never a part. A line of text tells what it is, the version of its format and a checksum;
/// then the content follows.
/// </summary>
/// <param name="path">Where it is.</param>
/// <param name="kind">What it is, a word; part of the first line.</param>
/// <param name="version">The version of its format. One of a newer release is not read.</param>
internal sealed partial class CheckedFile(string path, string kind, int version)
{
    private const int LongestHeading = 200;

    /// <summary>Where it is.</summary>
    public string Path => path;

    /// <summary>Replaces the file. When this returns, the new content is on stable storage under its name.</summary>
    /// <exception cref="IOException">It cannot be written; what was there before is still there.</exception>
    public void Write(ReadOnlySpan<byte> content)
    {
        var folder = System.IO.Path.GetDirectoryName(path)!;
        Directory.CreateDirectory(folder);
        var next = path + ".new";
        using (var file = new FileStream(next, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            file.Write(Encoding.ASCII.GetBytes(Heading(content)));
            file.Write(content);
            file.Flush(flushToDisk: true);
        }

        File.Move(next, path, overwrite: true);
        SyncDirectory(folder);
    }

    /// <summary>Reads it; null where there is none.</summary>
    /// <exception cref="InvalidDataException">It is damaged, or of a newer release; the message says which.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public byte[]? Read()
    {
        byte[] all;
        try
        {
            all = File.ReadAllBytes(path);
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }

        var end = all.AsSpan(0, Math.Min(all.Length, LongestHeading)).IndexOf((byte)'\n');
        var words = end < 0 ? [] : Encoding.ASCII.GetString(all, 0, end).Split(' ');
        if (words is not ["mailcluster", var found, var format, _, _] || found != kind || !int.TryParse(format, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            throw new InvalidDataException($"it does not begin as a file of {kind} does");
        }

        if (number > version)
        {
            throw new InvalidDataException($"it is of a newer release: format {number}, known up to {version}");
        }

        var content = all[(end + 1)..];
        return Encoding.ASCII.GetString(all, 0, end + 1) == Heading(content, number) ? content : throw new InvalidDataException("its length or checksum is wrong");
    }

    /// <summary>Moves what cannot be read out of the way, and returns where to.</summary>
    public string MoveAside(DateTimeOffset now)
    {
        var aside = string.Create(CultureInfo.InvariantCulture, $"{path}.damaged-{now:yyyyMMdd'T'HHmmss}");
        File.Move(path, aside, overwrite: true);
        return aside;
    }

    private string Heading(ReadOnlySpan<byte> content) => Heading(content, version);

    private string Heading(ReadOnlySpan<byte> content, int format) =>
        string.Create(CultureInfo.InvariantCulture, $"mailcluster {kind} {format} {content.Length} {Convert.ToHexString(SHA256.HashData(content))}\n");

    private static void SyncDirectory(string folder)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var descriptor = Open(folder, 0x80000);
        using var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        if (descriptor < 0 || Fsync(handle) != 0)
        {
            throw new IOException($"fsync {folder}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(SafeFileHandle file);
}
