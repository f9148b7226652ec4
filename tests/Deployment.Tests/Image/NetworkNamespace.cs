using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace MailCluster.Deployment.Tests.Image;

/// <summary>The network of another process. A socket belongs to the network in which it was made, whoever uses it later.</summary>
internal static class NetworkNamespace
{
    private const int NewNetwork = 0x40000000;

    /// <summary>A stream socket in the network of process <paramref name="id"/>. Needs root.</summary>
    public static Socket Socket(int id)
    {
        Socket? socket = null;
        Exception? failure = null;

        // A thread of its own, which ends with the call: no other work must find itself in that network.
        var thread = new Thread(() =>
        {
            try
            {
                using var file = File.OpenHandle($"/proc/{id}/ns/net");
                if (SetNamespace(file, NewNetwork) != 0) throw new IOException($"setns: error {Marshal.GetLastPInvokeError()}");
                socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        return socket ?? throw new IOException("no socket in that network", failure);
    }

    [DllImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static extern int SetNamespace(SafeFileHandle file, int kind);
}
