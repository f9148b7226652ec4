using System.Buffers;
using System.Collections.Immutable;
using Microsoft.Win32.SafeHandles;

namespace MailCluster.Spool;

// How a message is read: from memory, else from its record.
public sealed partial class Spool
{
    private readonly RecentMessages _recent = new();
    private static readonly ImmutableArray<RecipientOutcome> OneFresh = [new(0, RecipientStatus.Open, null)];

    /// <summary>Opens an entry for an attempt or a report: from memory where the content is still there, else from the disk.</summary>
    /// <exception cref="InvalidDataException">The record is damaged; the message has been set aside.</exception>
    public ValueTask<SpooledDelivery> OpenAsync(EntryRef entry, CancellationToken cancellation)
    {
        lock (_gate)
        {
            ref var slot = ref Entry(entry.Index);
            ref var message = ref _index.Messages[slot.Message];
            if (slot.Pending == 0 && message.Hot >= 0 && slot.StateSegment == 0)
            {
                var content = _hot[message.Hot]!;
                content.Hold();
                var id = _index.IdOf(message);
                var recipients = (slot.Flags & EntryFlags.Single) != 0 ? OneFresh : [.. StateRecord.Fresh(slot.Open)];
                return new(new SpooledDelivery(
                    entry, id, content.Envelope!, slot.Number, recipients, slot.Attempts, new SpooledContent(this, id, content, content.Traits)));
            }
        }
        return new(OpenFromDiskAsync(entry, cancellation));
    }

    private async Task<SpooledDelivery> OpenFromDiskAsync(EntryRef entry, CancellationToken cancellation)
    {
        while (true)
        {
            bool isPending;
            lock (_gate)
            {
                isPending = Entry(entry.Index).Pending > 0;
            }
            if (!isPending)
            {
                break;
            }
            // What was told must be in what is read.
            await FlushAsync().WaitAsync(cancellation).ConfigureAwait(false);
        }
        return await Task.Run(() => OpenFromDisk(entry), cancellation).ConfigureAwait(false);
    }

    private SpooledDelivery OpenFromDisk(EntryRef entry)
    {
        while (true)
        {
            EntrySlot slot;
            MessageSlot message;
            Segment segment;
            QueueId id;
            lock (_gate)
            {
                slot = Entry(entry.Index);
                message = _index.Messages[slot.Message];
                id = _index.IdOf(message);
                if ((message.Flags & MessageFlags.SetAside) != 0)
                {
                    throw new InvalidDataException($"{id} has been set aside as corrupt.");
                }
                segment = _segments[message.Segment];
                segment.Hold();
            }
            try
            {
                var loaded = LoadMessage(segment, message, id);
                if (Load(slot, loaded) is not { } states)
                {
                    // It was carried forward meanwhile, and what stood behind it is gone.
                    continue;
                }
                var content = OpenContent(segment, message, id, loaded);
                return new(
                    entry, id, loaded.Envelope, slot.Number,
                    [.. states.Recipients.Where(static recipient => recipient.Status == RecipientStatus.Open || IsOwed(recipient.Status))], slot.Attempts, content);
            }
            catch (InvalidDataException damage)
            {
                SetAside(id, damage.Message);
                throw;
            }
            finally
            {
                segment.Release();
            }
        }
    }

    private SpooledContent OpenContent(Segment segment, in MessageSlot message, QueueId id, LoadedMessage loaded)
    {
        if ((message.Flags & MessageFlags.LargeContent) != 0)
        {
            SafeFileHandle file;
            try
            {
                file = Disk.OpenRead(_layout.LargeContent(id));
            }
            catch (FileNotFoundException)
            {
                throw new InvalidDataException($"The content of {id} is missing.");
            }
            return new(this, id, null, file, 0, loaded.Prefix);
        }
        var start = message.Offset + RecordHeader.Size + loaded.Header.CheckedLength;
        if (loaded.Prefix.ContentLength <= 4 * Block.Size && Pool.Available > Pool.Limit / 2 && ReadPooled(segment, start, loaded.Prefix) is { } pooled)
        {
            return new(this, id, pooled, loaded.Prefix.Traits);
        }
        segment.Hold();
        return new(this, id, segment, segment.File, start, loaded.Prefix);
    }

    private PooledContent? ReadPooled(Segment segment, long start, in MessagePrefix prefix)
    {
        PooledContent? content = null;
        var crc = Crc32C.Initial;
        do
        {
            if (Pool.TryRent() is not { } block)
            {
                content?.Release();
                return null;
            }
            if (content is null)
            {
                content = new(Pool, block);
            }
            else
            {
                content.Append(block);
            }
            var part = block.Array.AsSpan(0, (int)Math.Min(Block.Size, prefix.ContentLength - content.Length));
            if (Disk.Read(segment.File, part, start + content.Length) < part.Length)
            {
                content.Release();
                throw new InvalidDataException("Its content is cut off.");
            }
            block.Used = part.Length;
            content.Length += part.Length;
            crc = Crc32C.Append(crc, part);
        }
        while (content.Length < prefix.ContentLength);
        if (~crc != prefix.ContentCrc)
        {
            content.Release();
            throw new InvalidDataException("Its content does not match its checksum.");
        }
        content.First.Link();
        return content;
    }

    /// <summary>Where an entry stands, for the committer.</summary>
    private (StateRecord State, RecipientOutcome[] Recipients) Load(ref EntrySlot entry)
    {
        ref var message = ref _index.Messages[entry.Message];
        var loaded = LoadMessage(_segments[message.Segment], message, _index.IdOf(message));
        return Load(entry, loaded) ?? throw new InvalidDataException("A state record is missing.");
    }

    private LoadedMessage LoadMessage(Segment segment, in MessageSlot message, QueueId id)
    {
        if (_recent.Find(segment.Number, message.Offset, id) is { } known)
        {
            return known;
        }
        var bytes = ReadRecord(segment, message.Offset, out var header);
        if (header.Id != id || !MessagePrefix.TryRead(bytes, out var prefix))
        {
            throw new InvalidDataException("Its record is another one's.");
        }
        var reader = new ByteReader(bytes.AsSpan(MessagePrefix.Size, (int)prefix.EnvelopeLength));
        var envelope = EnvelopeCodec.Read(ref reader) ?? throw new InvalidDataException("Its envelope cannot be read.");
        var loaded = new LoadedMessage(header, prefix, envelope, bytes.AsMemory(MessagePrefix.Size + (int)prefix.EnvelopeLength));
        _recent.Keep(segment.Number, message.Offset, loaded);
        return loaded;
    }

    /// <summary>Follows the state records of an entry back to one that says all; null where a segment of them is gone.</summary>
    private (StateRecord State, RecipientOutcome[] Recipients)? Load(EntrySlot entry, LoadedMessage message)
    {
        var chain = new List<(StateRecord State, byte[] Bytes, int Position)>();
        var (segmentNumber, offset) = (entry.StateSegment, entry.StateOffset);
        while (segmentNumber != 0)
        {
            Segment? segment;
            lock (_gate)
            {
                if (!_segments.TryGetValue(segmentNumber, out segment))
                {
                    return null;
                }
                segment.Hold();
            }
            byte[] bytes;
            RecordHeader header;
            try
            {
                bytes = ReadRecord(segment, offset, out header);
            }
            finally
            {
                segment.Release();
            }
            var reader = new ByteReader(bytes);
            if ((header.Flags & RecordFlags.FromReport) != 0)
            {
                reader.Fixed64();
            }
            var state = StateRecord.Read(ref reader);
            if (reader.Failed || header.Id != message.Header.Id || header.Type != RecordType.State || header.Argument != entry.Number
                || chain.Count > StateRecord.MaximumDepth)
            {
                throw new InvalidDataException("A state record is another one's.");
            }
            chain.Add((state, bytes, reader.Position));
            (segmentNumber, offset) = (state.Flags & StateFlags.Full) != 0 ? (0, 0) : (state.BaseSegment, state.BaseOffset);
        }
        var total = message.Envelope.Destinations[entry.Number].Recipients.Length;
        var recipients = StateRecord.Fresh(total);
        var newest = new StateRecord(StateFlags.None, 0, message.Envelope.Arrived, total, total, 0, 0, 0, 0);
        if ((chain.Count == 0 || (chain[^1].State.Flags & StateFlags.Full) == 0) && message.Header.Type == RecordType.Snapshot)
        {
            newest = SnapshotStates.Read(message.StatesFrom(entry.Number), recipients) ?? newest;
        }
        for (var i = chain.Count - 1; i >= 0; i--)
        {
            var (state, bytes, position) = chain[i];
            var reader = new ByteReader(bytes.AsSpan(position));
            if (state.Total != total || !state.ReadChanges(ref reader, recipients))
            {
                throw new InvalidDataException("A state record cannot be read.");
            }
            newest = state;
        }
        return (newest, recipients);
    }

    /// <summary>The checked part of a record, checked.</summary>
    private byte[] ReadRecord(Segment segment, long offset, out RecordHeader header)
    {
        // The usual envelope comes with the header in one read.
        Span<byte> start = stackalloc byte[1024];
        var read = Disk.Read(segment.File, start, offset);
        if (!RecordHeader.TryRead(start[..read], segment.Number, _format.Seed(segment.Number), out header) || offset + header.TotalLength > segment.End)
        {
            throw new InvalidDataException($"There is no record at {segment.Path}, octet {offset}.");
        }
        var bytes = new byte[header.CheckedLength];
        var here = Math.Min(bytes.Length, read - RecordHeader.Size);
        start.Slice(RecordHeader.Size, here).CopyTo(bytes);
        if (Disk.Read(segment.File, bytes.AsSpan(here), offset + RecordHeader.Size + here) < bytes.Length - here || Crc32C.Of(bytes) != header.PayloadCrc)
        {
            throw new InvalidDataException($"The record at {segment.Path}, octet {offset}, does not match its checksum.");
        }
        return bytes;
    }
}
