using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace MailCluster.Actors.Events;

/// <summary>
/// The files of the event log: <c>20261124T065215.123Z.jsonl</c>, named for the moment they were begun, so that the order of names is the order of lines.
/// A file is written by one process once and never continued: what a crash tore stays the last line of its file. Used by one thread.
/// </summary>
internal sealed class EventLogFiles(string directory, EventLogOptions options, TimeProvider time) : IDisposable
{
    private const string NameFormat = "yyyyMMdd'T'HHmmss.fff'Z'";
    private const string Extension = ".jsonl";

    private SafeFileHandle? _file;
    private long _length;
    private DateTimeOffset _begun;

    /// <summary>How long until the open file is old; null where none is open.</summary>
    public TimeSpan? UntilOld => _file is null ? null : TimeSpan.FromMilliseconds(Math.Clamp((_begun + options.FileAge - time.GetUtcNow()).TotalMilliseconds + 1, 0, int.MaxValue));

    /// <summary>Appends whole lines, all or none: after a failed write the file is cut back to its last whole line and left.</summary>
    /// <exception cref="IOException">The disk did not take them.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    public void Write(ReadOnlySpan<byte> lines)
    {
        CloseIfOld();
        if (_length >= options.FileSize)
        {
            Close();
        }
        _file ??= Begin();
        try
        {
            RandomAccess.Write(_file, lines, _length);
            _length += lines.Length;
        }
        catch
        {
            Abandon();
            throw;
        }
    }

    /// <summary>Ends a file whose age is up, also when no line comes, so that whoever collects files gets it.</summary>
    public void CloseIfOld()
    {
        if (UntilOld is { TotalMilliseconds: <= 1 })
        {
            Close();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Close();

    private SafeFileHandle Begin()
    {
        Directory.CreateDirectory(directory);
        var files = Directory.EnumerateFiles(directory, "*" + Extension).Where(path => BegunAt(path) is not null).Order(StringComparer.Ordinal).ToList();
        DeleteOld(files);
        var now = DateTimeOffset.FromUnixTimeMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds());
        // Later than any other, also when the clock was set back.
        var name = files is [.., var newest] && BegunAt(newest) is { } begun && begun >= now ? begun.AddMilliseconds(1) : now;
        var path = Path.Combine(directory, name.UtcDateTime.ToString(NameFormat, CultureInfo.InvariantCulture) + Extension);
        // Anybody may read it while it grows; nobody else writes.
        var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read | FileShare.Delete);
        (_length, _begun) = (0, now);
        return file;
    }

    private void Close()
    {
        _file?.Dispose();
        _file = null;
    }

    private void Abandon()
    {
        try
        {
            RandomAccess.SetLength(_file!, _length);
        }
        catch (IOException)
        {
            // The disk fails altogether: the torn line stays, the last of its file.
        }
        Close();
    }

    /// <summary>Makes room for a new file. Only files with names of ours are touched; one that cannot be deleted is left for the next time.</summary>
    private void DeleteOld(List<string> files)
    {
        var tooOld = time.GetUtcNow() - options.KeepAge;
        for (var i = 0; i < files.Count && (files.Count - i >= options.KeepFiles || BegunAt(files[i]) < tooOld); i++)
        {
            try
            {
                File.Delete(files[i]);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Somebody has it, or it is not ours to delete; new lines matter more.
            }
        }
    }

    private static DateTimeOffset? BegunAt(string path) =>
        DateTimeOffset.TryParseExact(Path.GetFileNameWithoutExtension(path), NameFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var begun) ? begun : null;
}
