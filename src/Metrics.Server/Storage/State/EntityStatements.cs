using System.Data.Common;
using System.Globalization;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;

namespace Metrics.Storage.State;

/// <summary>
/// The statements that write and delete the rows of one table, made from the model: its table, its columns, its key. They are those that
/// SQLite and PostgreSQL share. Rows whose key the database makes are added; others replace the row of their key.
/// </summary>
internal sealed class EntityStatements
{
    private readonly ISqlGenerationHelper _sql;
    private readonly bool _isHashed;
    private readonly string _table;

    /// <summary>The key's columns first, unless the database makes it.</summary>
    private readonly Column[] _columns;

    private readonly int _keyWidth;

    /// <param name="entity">What the model says of the table.</param>
    /// <param name="sql">How the database's names are written.</param>
    /// <param name="hashesKeys">Whether long keys (<see cref="StateDb.LongKey"/>) go by their digests.</param>
    public EntityStatements(IEntityType entity, ISqlGenerationHelper sql, bool hashesKeys)
    {
        _sql = sql;
        _isHashed = hashesKeys && entity.FindAnnotation(StateDb.LongKey) is not null;
        _table = sql.DelimitIdentifier(entity.GetTableName()!, entity.GetSchema());
        IReadOnlyList<IProperty> key = entity.FindPrimaryKey()!.Properties;
        IsKeyed = key.All(p => p.ValueGenerated == ValueGenerated.Never);
        Key = [.. key.Select(p => new Column(p))];
        Column[] others = [.. entity.GetProperties().Except(key).Select(p => new Column(p))];
        _columns = IsKeyed ? [.. Key, .. others] : others;
        _keyWidth = IsKeyed ? Key.Count : 0;
    }

    /// <summary>Whether rows of one key replace each other.</summary>
    public bool IsKeyed { get; }

    /// <summary>Columns of the key, in its order.</summary>
    public IReadOnlyList<Column> Key { get; }

    /// <summary>Columns that are written, in the order of the parameters of a row.</summary>
    public IReadOnlyList<Column> Columns => _columns;

    /// <summary>A column, and how its value is read from a row.</summary>
    internal sealed class Column(IProperty property)
    {
        private readonly IClrPropertyGetter _getter = property.GetGetter();
        private readonly RelationalTypeMapping _mapping = property.GetRelationalTypeMapping();

        /// <summary>Its name in the table.</summary>
        public string Name { get; } = property.GetColumnName();

        /// <summary>The value of a row, as the database takes it.</summary>
        public object Read(object row) => ToStored(_getter.GetClrValue(row));

        /// <summary>A value as the database takes it.</summary>
        public object ToStored(object? value) => (_mapping.Converter?.ConvertToProvider(value) ?? value) switch
        {
            null => DBNull.Value,
            string text => Clean(text),
            object other => other,
        };

        /// <summary>A parameter of the column's type, without a value.</summary>
        public DbParameter CreateParameter(DbCommand command, int number) => _mapping.CreateParameter(command, Parameter(number), null);
    }

    /// <summary>A text as PostgreSQL takes it: without NUL, and without halves of a character, as a text that was cut has them.</summary>
    public static string Clean(string text)
    {
        string clean = text.Replace('\0', '\uFFFD');
        return clean.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0 ? clean : Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(clean));
    }

    /// <summary>The statement that writes so many rows.</summary>
    public string Write(int rows)
    {
        var text = new StringBuilder($"INSERT INTO {_table} (").AppendJoin(", ", _columns.Select(Named)).Append(") VALUES ");
        for (int row = 0; row < rows; row++)
        {
            IEnumerable<string> values = Enumerable.Range(row * _columns.Length, _columns.Length).Select(Parameter);
            text.Append(row > 0 ? ", (" : "(").AppendJoin(", ", values).Append(')');
        }
        if (!IsKeyed)
            return text.ToString();
        text.Append(" ON CONFLICT (").AppendJoin(", ", Key.Select(c => Hashed(Named(c)))).Append(')');
        Column[] others = _columns[_keyWidth..];
        return others.Length == 0
            ? text.Append(" DO NOTHING").ToString()
            : text.Append(" DO UPDATE SET ").AppendJoin(", ", others.Select(c => $"{Named(c)} = excluded.{Named(c)}")).ToString();
    }

    /// <summary>The statement that deletes the row of a key.</summary>
    public string Delete() =>
        $"DELETE FROM {_table} WHERE {string.Join(" AND ", Key.Select((c, i) => $"{Hashed(Named(c))} = {Hashed(Parameter(i))}"))}";

    private string Named(Column column) => _sql.DelimitIdentifier(column.Name);

    private string Hashed(string text) => _isHashed ? $"md5({text})" : text;

    private static string Parameter(int number) => string.Create(CultureInfo.InvariantCulture, $"@p{number}");
}
