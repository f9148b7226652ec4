using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace MailCluster.Cluster.Tests.Rig;

/// <summary>One machine of a <see cref="VirtualNetwork"/>: an address of its own, programs that run there, and sockets of this process that stand there.</summary>
internal sealed partial class NetworkNamespace(VirtualNetwork network, string name, string address) : IAsyncDisposable
{
    private const int NewNetwork = 0x40000000;      // CLONE_NEWNET

    private readonly List<Process> _programs = [];

    public string Name => name;

    public IPAddress Address { get; } = IPAddress.Parse(address);

    private string Handle => string.Create(CultureInfo.InvariantCulture, $"/proc/{network.Id}/root/run/netns/{name}");

    /// <summary>A TCP socket of this process that belongs to the namespace: a socket stays where it was made, whichever thread uses it.</summary>
    public Socket OpenSocket()
    {
        Socket? socket = null;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                using var handle = File.OpenHandle(Handle);
                if (SetNamespace(handle, NewNetwork) != 0)
                {
                    throw new IOException($"setns: {Marshal.GetLastPInvokeErrorMessage()}");
                }

                socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        thread.Start();     // It leaves the namespace by ending.
        thread.Join();
        return socket ?? throw new IOException($"No socket in {name}", failure);
    }

    /// <summary>A socket that listens.</summary>
    public Socket Listen(IPAddress at, int port)
    {
        var socket = OpenSocket();
        socket.Bind(new IPEndPoint(at, port));
        socket.Listen(512);
        return socket;
    }

    /// <summary>A connection from here.</summary>
    public async Task<Socket> ConnectAsync(IPEndPoint to, TimeSpan within)
    {
        var socket = OpenSocket();
        using var limit = new CancellationTokenSource(within);
        try
        {
            await socket.ConnectAsync(to, limit.Token);
            return socket;
        }
        catch (Exception e)
        {
            socket.Dispose();
            throw e is OperationCanceledException ? new SocketException((int)SocketError.TimedOut) : e;
        }
    }

    /// <summary>An HTTP client whose requests are made from here.</summary>
    public HttpClient OpenHttp() => new(new SocketsHttpHandler
    {
        ConnectCallback = async (context, _) => new NetworkStream(await ConnectAsync(IPEndPoint.Parse($"{context.DnsEndPoint.Host}:{context.DnsEndPoint.Port}"), TimeSpan.FromSeconds(2)), ownsSocket: true),
        PooledConnectionLifetime = TimeSpan.Zero,
    })
    {
        Timeout = TimeSpan.FromSeconds(3),
    };

    /// <summary>Runs lines of shell here.</summary>
    public Task ShellAsync(string lines) => network.CheckedAsync(lines, [$"--net={Handle}"]);

    /// <summary>Starts a program here; it ends with the network at the latest. Each line of its outputs goes to <paramref name="line"/>.</summary>
    public Process Start(string program, IEnumerable<string> arguments, Action<string> line)
    {
        var process = new Process
        {
            StartInfo = new("nsenter", [.. network.Enter([$"--net={Handle}"]), program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true },
        };
        process.OutputDataReceived += (_, data) => Take(data.Data);
        process.ErrorDataReceived += (_, data) => Take(data.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        lock (_programs)
        {
            _programs.Add(process);
        }

        return process;

        void Take(string? text)
        {
            if (text is not null)
            {
                line(text);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _programs)
        {
            try
            {
                if (!process.HasExited)
                {
                    process.Kill(entireProcessTree: true);
                    await process.WaitForExitAsync();
                }
            }
            catch (InvalidOperationException)
            {
                // Disposed of by whoever started it.
            }

            process.Dispose();
        }
    }

    [DllImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static extern int SetNamespace(SafeFileHandle handle, int kind);
}
