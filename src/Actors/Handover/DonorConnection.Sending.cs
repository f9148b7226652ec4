using System.Buffers;
using MailCluster.Protocol.Handover;
using MailCluster.Spool;

namespace MailCluster.Actors.Handover;

// How one message goes out, and how the replies to many come in.
internal sealed partial class DonorConnection
{
    private async Task SendAsync(Spool.Spool spool, HandingOver marked, Action<SpooledMessage> sending, Action<HandingOver, Exception?> unreadable)
    {
        SpooledMessage? opened = null;
        byte[] first;
        try
        {
            opened = await spool.OpenMessageAsync(marked.Id.Message, _end).ConfigureAwait(false);
            if (opened is null)
            {
                unreadable(marked, null);
                return;
            }
            // The first read shows whether the content is whole, before anything is said of it.
            first = new byte[(int)Math.Min(PipelinedContent, opened.Content.Length)];
            await FillAsync(opened.Content, 0, first).ConfigureAwait(false);
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            opened?.Dispose();
            unreadable(marked, e);
            return;
        }
        using (opened)
        {
            var state = new MessageBlock(opened.Envelope, opened.Content.Traits, opened.Entries).ToArray();
            sending(opened);
            var (id, length) = (opened.Id.ToString(), opened.Content.Length);
            lock (_transfers)
            {
                _transfers.Begin(id);
            }
            HandoverLines.Mail(_output, new(id, marked.Id.Number, state.Length, length));
            HandoverLines.Chunk(_output, state.Length, last: false);
            _output.Write(state);
            if (length > PipelinedContent)
            {
                await FlushAsync().ConfigureAwait(false);
                if (!await MayFollowAsync(id).ConfigureAwait(false))
                {
                    return;
                }
            }
            lock (_transfers)
            {
                _transfers.Follow(id);
            }
            HandoverLines.Chunk(_output, length, last: true);
            _output.Write(first);
            await StreamAsync(opened.Content, first.Length).ConfigureAwait(false);
        }
    }

    private async Task<bool> MayFollowAsync(string id)
    {
        while (true)
        {
            lock (_transfers)
            {
                if (_transfers.MayFollow(id))
                {
                    return true;
                }
                if (!_transfers.Open.Contains(id) || _repliesEnded)
                {
                    return false;
                }
            }
            await Guard(WaitAsync()).ConfigureAwait(false);
        }
    }

    private async ValueTask<bool> WaitAsync()
    {
        await _answered.WaitAsync(_silence.Token).ConfigureAwait(false);
        return true;
    }

    private async Task StreamAsync(SpooledContent content, long offset)
    {
        while (offset < content.Length)
        {
            var part = _output.GetMemory(64 << 10);
            var read = await ReadAsync(content, offset, part).ConfigureAwait(false);
            _output.Advance(read);
            offset += read;
            await FlushSomeAsync().ConfigureAwait(false);
        }
        await FlushSomeAsync().ConfigureAwait(false);
    }

    /// <summary>What has been announced must be sent: content that cannot be read now ends the connection.</summary>
    private async ValueTask<int> ReadAsync(SpooledContent content, long offset, Memory<byte> part)
    {
        try
        {
            return await content.ReadAsync(offset, part, _end).ConfigureAwait(false) is > 0 and var read ? read : throw new IOException("The content has become shorter.");
        }
        catch (InvalidDataException e)
        {
            throw new IOException(e.Message, e);
        }
    }

    private static async Task FillAsync(SpooledContent content, long offset, Memory<byte> target)
    {
        while (target.Length > 0)
        {
            var read = await content.ReadAsync(offset, target, CancellationToken.None).ConfigureAwait(false);
            if (read == 0)
            {
                throw new InvalidDataException("The content is shorter than it should be.");
            }
            offset += read;
            target = target[read..];
        }
    }

    private async Task ReadVerdictsAsync(Action<DonorVerdict> decided)
    {
        try
        {
            while (true)
            {
                lock (_transfers)
                {
                    if (_sent && _transfers.Awaited == 0)
                    {
                        return;
                    }
                }
                if (await ReadReplyAsync().ConfigureAwait(false) is not { } reply)
                {
                    continue;
                }
                DonorVerdict verdict;
                lock (_transfers)
                {
                    if (!_transfers.On(reply, out verdict))
                    {
                        throw new IOException(reply.ToString());
                    }
                }
                if (verdict.Id is not null)
                {
                    decided(verdict);
                }
                _answered.Release();
            }
        }
        finally
        {
            // Before the release: whoever wakes by it must see that no other will come.
            lock (_transfers)
            {
                _repliesEnded = true;
            }
            _answered.Release();
        }
    }
}
