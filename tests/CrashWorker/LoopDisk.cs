using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace MailCluster.Spool.CrashWorker;

/// <summary>
/// An ext4 of its own on a loop device, in a mount namespace of its own: when the last process in there ends, mount and device are gone, however it ended. Its power
/// can be cut.
/// </summary>
internal sealed partial class LoopDisk
{
    /// <summary>Set by whoever made the namespace: the name of the one outside.</summary>
    public const string OuterNamespace = "MAILCLUSTER_OUTER_NAMESPACE";

    // _IOR('X', 125, __u32), EXT4_GOING_FLAGS_NOLOGFLUSH.
    private const uint Shutdown = 0x8004587D;
    private const uint WithoutLogFlush = 2;

    private readonly string _image;

    public LoopDisk(string directory, long octets, params IEnumerable<string> options)
    {
        if (Environment.GetEnvironmentVariable(OuterNamespace) is not { Length: > 0 } outer || outer == Namespace())
        {
            throw new InvalidOperationException("This is not a mount namespace of its own.");
        }
        Directory.CreateDirectory(directory);
        _image = Path.Combine(directory, "disk.ext4");
        MountPoint = Path.Combine(directory, "mnt");
        Directory.CreateDirectory(MountPoint);
        using (var file = File.Create(_image))
        {
            file.SetLength(octets);
        }
        Run("mkfs.ext4", ["-q", "-F", .. options, _image]);
    }

    /// <summary>Where it is mounted.</summary>
    public string MountPoint { get; }

    /// <summary>The name of the mount namespace that this process is in.</summary>
    public static string Namespace() => File.ResolveLinkTarget("/proc/self/ns/mnt", returnFinalTarget: false)?.Name ?? "";

    /// <summary>Mounts it, replaying its journal.</summary>
    public void Mount()
    {
        Run("mount", ["-o", "loop", _image, MountPoint]);
        // The way to a cut leads through this path: it must not be any other file system.
        if (DeviceOf(MountPoint) is not { } mounted || mounted == DeviceOf("/") || !mounted.StartsWith("7:", StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"{MountPoint} is not a loop device's file system.");
        }
    }

    /// <summary>Cuts the power: nothing that the file system has not sent to its device ever will be. Whoever writes there must stand still.</summary>
    public void Cut()
    {
        if (DeviceOf(MountPoint) is not { } mounted || mounted == DeviceOf("/") || !mounted.StartsWith("7:", StringComparison.Ordinal))
        {
            throw new InvalidOperationException("Refused: this is not a loop device's file system.");
        }
        using var directory = new SafeFileHandle(Open(MountPoint, 0x10000), ownsHandle: true);
        var flags = WithoutLogFlush;
        if (directory.IsInvalid || Control(directory, Shutdown, ref flags) != 0)
        {
            throw new IOException($"The shutdown of the file system: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    /// <summary>Unmounts it, and sees to it that nobody else keeps it alive: else the next mount would find it as it was before the cut.</summary>
    public void Unmount()
    {
        Until(() => TryRun("umount", [MountPoint]) is null, "It cannot be unmounted.");
        Until(() => Run("losetup", ["-j", _image]).Length == 0, "Its device lives on: is it mounted in another namespace?");
    }

    private static void Until(Func<bool> condition, string otherwise)
    {
        for (var clock = Stopwatch.StartNew(); !condition(); Thread.Yield())
        {
            if (clock.Elapsed > TimeSpan.FromSeconds(20))
            {
                throw new TimeoutException(otherwise);
            }
        }
    }

    private static string? DeviceOf(string mountPoint) => File.ReadLines("/proc/self/mountinfo").Select(static line => line.Split(' '))
        .Where(fields => fields[4] == mountPoint).Select(static fields => fields[2]).LastOrDefault();

    private static string Run(string program, IEnumerable<string> arguments)
    {
        var output = "";
        return TryRun(program, arguments, text => output = text) is { } failure ? throw new MountException($"{program} {string.Join(' ', arguments)}: {failure}") : output;
    }

    private static string? TryRun(string program, IEnumerable<string> arguments, Action<string>? output = null)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        output?.Invoke(process.StandardOutput.ReadToEnd());
        process.WaitForExit();
        return process.ExitCode == 0 ? null : $"exit code {process.ExitCode}: {errors.Result}";
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Control(SafeFileHandle file, nuint request, ref uint argument);
}
