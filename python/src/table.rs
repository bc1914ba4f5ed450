//! A table: Arrow record batches that any frame library of Python takes without a copy.
//!
//! Invariant: money and sums are decimals without a fraction, never floats, and the columns are those of the files of a
//! run directory (docs/results.md).

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::types::{Decimal128Type, Float64Type, Int64Type, UInt32Type, UInt64Type};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Decimal128Array, Float64Array, Int64Array, RecordBatch,
    RecordBatchIterator, RecordBatchReader, StringArray, UInt32Array, UInt64Array,
};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyDict, PyList};
use stakeout_engine::observe::columns::{Column, Values};

use crate::error::Failed;
use crate::html;

/// Rows that a notebook shows.
const ROWS_SHOWN: usize = 20;
/// Digits of money and sums.
const DIGITS: u8 = 38;

/// A named table of columns.
#[pyclass(frozen, module = "stakeout")]
#[derive(Clone, Debug)]
pub struct Table {
    name: String,
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
}

/// One column under way to a table; a row is absent where there is none.
#[derive(Clone, Debug)]
pub enum Cells {
    /// Names.
    Text(Vec<Option<String>>),
    /// Counts.
    Count(Vec<Option<u64>>),
    /// Measured or estimated numbers.
    Real(Vec<Option<f64>>),
    /// Base units.
    Money(Vec<Option<i128>>),
    /// Yes or no.
    Switch(Vec<bool>),
}

impl Cells {
    /// Names of which none is absent.
    pub fn words<T: Into<String>>(words: impl IntoIterator<Item = T>) -> Self {
        Self::Text(words.into_iter().map(|word| Some(word.into())).collect())
    }

    /// Counts of which none is absent.
    pub fn counts<T: Into<u64>>(counts: impl IntoIterator<Item = T>) -> Self {
        Self::Count(counts.into_iter().map(|count| Some(count.into())).collect())
    }

    /// Numbers of which none is absent.
    pub fn reals(numbers: impl IntoIterator<Item = f64>) -> Self {
        Self::Real(numbers.into_iter().map(Some).collect())
    }

    fn array(self) -> Result<ArrayRef, ArrowError> {
        Ok(match self {
            Self::Text(cells) => Arc::new(StringArray::from(cells)),
            Self::Count(cells) => Arc::new(UInt64Array::from(cells)),
            Self::Real(cells) => Arc::new(Float64Array::from(cells)),
            Self::Money(cells) => Arc::new(Decimal128Array::from(cells).with_precision_and_scale(DIGITS, 0)?),
            Self::Switch(cells) => Arc::new(BooleanArray::from(cells)),
        })
    }
}

impl Table {
    /// A table of columns that were made for it.
    ///
    /// # Errors
    /// Columns of different lengths, which would be a bug of ours.
    pub fn new(name: &str, columns: Vec<(String, Cells)>) -> Result<Self, Failed> {
        let (mut fields, mut arrays) = (Vec::new(), Vec::new());
        for (name, cells) in columns {
            let array = cells.array().map_err(broken)?;
            fields.push(Field::new(name, array.data_type().clone(), true));
            arrays.push(array);
        }
        let schema = Arc::new(Schema::new(fields));
        let batch = RecordBatch::try_new(Arc::clone(&schema), arrays).map_err(broken)?;
        Ok(Self {
            name: name.to_owned(),
            schema,
            batches: vec![batch],
        })
    }

    /// A table of the engine's columns, a part a replicate; there is at least one part.
    ///
    /// # Errors
    /// Parts of different shapes, which would be a bug of ours.
    pub fn of_parts<'a>(
        name: &str,
        parts: impl IntoIterator<Item = Vec<Column<'a>>>,
    ) -> Result<Self, Failed> {
        let batches = parts.into_iter().map(batch).collect::<Result<Vec<_>, _>>();
        let batches = batches.map_err(broken)?;
        let schema = batches
            .first()
            .map_or_else(|| Arc::new(Schema::empty()), RecordBatch::schema);
        Ok(Self {
            name: name.to_owned(),
            schema,
            batches,
        })
    }

    fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }
}

fn broken(error: ArrowError) -> Failed {
    Failed::Bug(format!("a bug of ours: a table has no shape: {error}"))
}

fn batch(columns: Vec<Column<'_>>) -> Result<RecordBatch, ArrowError> {
    let (mut fields, mut arrays) = (Vec::new(), Vec::new());
    for column in columns {
        let array = array(column.values)?;
        fields.push(Field::new(column.name, array.data_type().clone(), true));
        arrays.push(array);
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
}

fn array(values: Values<'_>) -> Result<ArrayRef, ArrowError> {
    Ok(match values {
        Values::U32(values) => Arc::new(UInt32Array::from(values)),
        Values::U64(values) => Arc::new(UInt64Array::from(values)),
        Values::I64(values) => Arc::new(Int64Array::from(values)),
        Values::Wide(values) => Arc::new(Decimal128Array::from(values).with_precision_and_scale(DIGITS, 0)?),
        Values::Text(values) => Arc::new(StringArray::from(values)),
    })
}

/// One cell as Python has it; nothing where it is absent.
fn cell(py: Python<'_>, array: &ArrayRef, row: usize) -> PyResult<Py<PyAny>> {
    if array.is_null(row) {
        return Ok(py.None());
    }
    match array.data_type() {
        DataType::UInt32 => array.as_primitive::<UInt32Type>().value(row).into_py_any(py),
        DataType::UInt64 => array.as_primitive::<UInt64Type>().value(row).into_py_any(py),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).into_py_any(py),
        DataType::Float64 => array.as_primitive::<Float64Type>().value(row).into_py_any(py),
        DataType::Decimal128(..) => array.as_primitive::<Decimal128Type>().value(row).into_py_any(py),
        DataType::Boolean => array.as_boolean().value(row).into_py_any(py),
        _ => array.as_string::<i32>().value(row).into_py_any(py),
    }
}

/// One cell as people read it.
fn shown(array: &ArrayRef, row: usize) -> String {
    if array.is_null(row) {
        return String::new();
    }
    match array.data_type() {
        DataType::UInt32 => array.as_primitive::<UInt32Type>().value(row).to_string(),
        DataType::UInt64 => array.as_primitive::<UInt64Type>().value(row).to_string(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Float64 => array.as_primitive::<Float64Type>().value(row).to_string(),
        DataType::Decimal128(..) => array.as_primitive::<Decimal128Type>().value(row).to_string(),
        DataType::Boolean => array.as_boolean().value(row).to_string(),
        _ => array.as_string::<i32>().value(row).to_owned(),
    }
}

#[pymethods]
impl Table {
    /// Name of the table.
    #[getter]
    fn name(&self) -> &str {
        &self.name
    }

    /// Names of the columns, in order.
    #[getter]
    fn columns(&self) -> Vec<String> {
        let fields = self.schema.fields().iter();
        fields.map(|field| field.name().clone()).collect()
    }

    fn __len__(&self) -> usize {
        self.rows()
    }

    /// The values of one column as a list; absent ones are None.
    fn __getitem__<'py>(&self, py: Python<'py>, name: String) -> PyResult<Bound<'py, PyList>> {
        let index = self.schema.index_of(&name).map_err(|_| {
            let names = self.columns().join(", ");
            Failed::usage(format!("{} has no column `{name}`; there are {names}", self.name))
        })?;
        let list = PyList::empty(py);
        for batch in &self.batches {
            let array = batch.column(index);
            for row in 0..array.len() {
                list.append(cell(py, array, row)?)?;
            }
        }
        Ok(list)
    }

    /// The rows as a list of dicts.
    fn rows_as_dicts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        for batch in &self.batches {
            for row in 0..batch.num_rows() {
                let entry = PyDict::new(py);
                for (field, array) in self.schema.fields().iter().zip(batch.columns()) {
                    entry.set_item(field.name(), cell(py, array, row)?)?;
                }
                list.append(entry)?;
            }
        }
        Ok(list)
    }

    /// The table as an Arrow stream (the Arrow PyCapsule interface); nothing is copied.
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        // The interface lets a producer leave a wish for another schema unheard.
        let _ = requested_schema;
        let batches = self.batches.clone().into_iter().map(Ok::<_, ArrowError>);
        let reader: Box<dyn RecordBatchReader + Send> =
            Box::new(RecordBatchIterator::new(batches, Arc::clone(&self.schema)));
        PyCapsule::new_with_value(py, FFI_ArrowArrayStream::new(reader), c"arrow_array_stream")
    }

    /// As a frame of polars.
    fn to_polars<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        slf.py().import("polars")?.call_method1("DataFrame", (slf,))
    }

    /// As a table of pyarrow.
    fn to_pyarrow<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        slf.py().import("pyarrow")?.call_method1("table", (slf,))
    }

    /// As a frame of pandas, through pyarrow.
    fn to_pandas<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        Self::to_pyarrow(slf)?.call_method0("to_pandas")
    }

    fn __repr__(&self) -> String {
        format!(
            "<stakeout.Table {}: {} rows, {} columns>",
            self.name,
            self.rows(),
            self.schema.fields().len()
        )
    }

    /// The first rows for a notebook.
    pub fn _repr_html_(&self) -> String {
        let names = self.columns();
        let head: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut rows = Vec::new();
        for batch in &self.batches {
            for row in 0..batch.num_rows().min(ROWS_SHOWN - rows.len()) {
                rows.push(batch.columns().iter().map(|array| shown(array, row)).collect());
            }
        }
        let note = match self.rows() {
            all if all > rows.len() => format!("{} of {all} rows", rows.len()),
            _ => String::new(),
        };
        html::table(&self.name, &head, &rows, &note)
    }
}
